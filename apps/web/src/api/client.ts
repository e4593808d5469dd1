import type { Format, Separation, SeparationId, SeparationStatus } from '@app/separations';
import type { LaneLevel } from '../audio/worklet/mix-bus.js';
import { ConnectionError, problemOf } from './errors.js';
import { accessKey, refuseKey } from './access-key.js';

export interface SeparationPage {
  readonly separations: readonly Separation[];
  readonly nextCursor: string | null;
}

export interface Model {
  readonly name: string;
  readonly stems: readonly string[];
  readonly licence: string;
  readonly relativeCost: number;
  readonly installed: boolean;
  readonly default: boolean;
}

export interface ModelList {
  readonly models: readonly Model[];
  readonly notice?: string;
}

const BASE = '/v1/separations';
const TIMEOUT_MS = 20_000;

/** The key goes into a header only: no address may hold it. */
export function keyHeaders(): Record<string, string> {
  const key = accessKey.value;
  return key === undefined ? {} : { 'x-api-key': key };
}

/** @throws ApiError for an answer that is no success, ConnectionError where there is none */
export async function call(path: string, init: RequestInit = {}): Promise<Response> {
  const key = accessKey.value;
  const headers = { ...keyHeaders(), ...(init.headers as Record<string, string> | undefined) };
  const answer = await fetch(path, { ...init, headers }).catch((error: unknown) => {
    if (init.signal?.aborted === true) throw error;
    throw new ConnectionError('the server does not answer', { cause: error });
  });
  if (answer.ok) return answer;
  if (answer.status === 401) refuseKey(key);
  throw problemOf(answer.status, await answer.text());
}

async function json<T>(path: string, init: RequestInit = {}): Promise<T> {
  const answer = await call(path, { signal: AbortSignal.timeout(TIMEOUT_MS), ...init });
  return (await answer.json()) as T;
}

export const api = {
  list: (cursor?: string, status?: SeparationStatus): Promise<SeparationPage> => {
    const query = new URLSearchParams({ limit: '30', ...(cursor && { cursor }), ...(status && { status }) });
    return json(`${BASE}?${query}`);
  },
  get: (id: SeparationId): Promise<Separation> => json(`${BASE}/${id}`),
  cancel: (id: SeparationId): Promise<Separation> => json(`${BASE}/${id}/cancel`, { method: 'POST' }),
  remove: async (id: SeparationId): Promise<void> => {
    await call(`${BASE}/${id}`, { method: 'DELETE', signal: AbortSignal.timeout(TIMEOUT_MS) });
  },
  models: (): Promise<ModelList> => json('/v1/models'),
  waveform: (id: SeparationId): Promise<Waveform> => json(`${BASE}/${id}/waveform`),
  input: (id: SeparationId, signal: AbortSignal): Promise<Response> => call(`${BASE}/${id}/input`, { signal }),
};

export interface Waveform {
  readonly samplesPerPeak: number;
  readonly samples: number;
  /** peaks of each stem, 0 to 127 */
  readonly stems: Readonly<Record<string, readonly number[]>>;
}

export function stemPath(id: SeparationId, stem: string, format: Format): string {
  return `${BASE}/${id}/stems/${encodeURIComponent(stem)}.${format}`;
}

/** The song as its stems were made of it. */
export function originalPath(id: SeparationId): string {
  return `${BASE}/${id}/original.flac`;
}

/** @param levels of the stems that are heard, by their names */
export function mixPath(id: SeparationId, levels: ReadonlyMap<string, LaneLevel>, format: Format): string {
  const lanes = [...levels].map(([stem, { left, right }]) => `${stem}:${decimal(left)}:${decimal(right)}`);
  return `${BASE}/${id}/mix.${format}?${new URLSearchParams({ levels: lanes.join(',') })}`;
}

/** finer than a step of 16 bits */
function decimal(level: number): string {
  return level.toFixed(6);
}

export function archivePath(id: SeparationId, format: Format): string {
  return `${BASE}/${id}/archive.zip?format=${format}`;
}

export function eventsPath(id: SeparationId): string {
  return `${BASE}/${id}/events`;
}
