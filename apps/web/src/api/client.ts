import type { Change } from '@app/stretch';
import type { Format, ModelList, Separation, SeparationId, SeparationPage } from './contract.js';
import type { OwnEdit, SeparationStatus, ShownAnalysis, Waveform } from './contract.js';
import { accessKey, rejectKey } from './access-key.js';
import { ConnectionError, toApiError } from './errors.js';

const BASE = '/v1/separations';
const TIMEOUT_MS = 20_000;
/** as in the links of the API */
const VERSION_DIGITS = 16;

/** The key is sent in a header only, never in a URL. */
export function keyHeaders(): Record<string, string> {
  const key = accessKey.value;
  return key === undefined ? {} : { 'x-api-key': key };
}

/** @throws ApiError for an error response, ConnectionError if there is none */
export async function call(path: string, init: RequestInit = {}): Promise<Response> {
  const key = accessKey.value;
  const headers = { ...keyHeaders(), ...(init.headers as Record<string, string> | undefined) };
  const response = await fetch(path, { ...init, headers }).catch((error: unknown) => {
    if (init.signal?.aborted === true) throw error;
    throw new ConnectionError('the server does not respond', { cause: error });
  });
  if (response.ok) return response;
  if (response.status === 401) rejectKey(key);
  throw toApiError(response.status, await response.text());
}

function callBriefly(path: string, method = 'GET'): Promise<Response> {
  return call(path, { method, signal: AbortSignal.timeout(TIMEOUT_MS) });
}

async function json<T>(path: string, method?: string): Promise<T> {
  return (await (await callBriefly(path, method)).json()) as T;
}

export const api = {
  list: (cursor?: string, status?: SeparationStatus): Promise<SeparationPage> => {
    const query = new URLSearchParams({ limit: '30', ...(cursor && { cursor }), ...(status && { status }) });
    return json(`${BASE}?${query}`);
  },
  get: (id: SeparationId): Promise<Separation> => json(`${BASE}/${id}`),
  cancel: (id: SeparationId): Promise<Separation> => json(`${BASE}/${id}/cancel`, 'POST'),
  edit: async (id: SeparationId, edit: OwnEdit): Promise<Separation> => {
    const body = JSON.stringify(edit);
    const headers = { 'content-type': 'application/json' };
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const answer = await call(`${BASE}/${id}`, { method: 'PATCH', body, headers, signal });
    return (await answer.json()) as Separation;
  },
  remove: async (id: SeparationId): Promise<void> => {
    await callBriefly(`${BASE}/${id}`, 'DELETE');
  },
  models: (): Promise<ModelList> => json('/v1/models'),
  waveform: (id: SeparationId): Promise<Waveform> => json(`${BASE}/${id}/waveform`),
  /** undefined while it is being made */
  analysis: async (id: SeparationId, signal: AbortSignal): Promise<ShownAnalysis | undefined> => {
    const answer = await call(`${BASE}/${id}/analysis`, { signal });
    // read in any case: the browser keeps the connection busy until then
    const found = (await answer.json()) as ShownAnalysis;
    return answer.status === 202 ? undefined : found;
  },
  input: (id: SeparationId, signal: AbortSignal): Promise<Response> => call(`${BASE}/${id}/input`, { signal }),
};

export function stemPath(id: SeparationId, stem: string, format: Format): string {
  return `${BASE}/${id}/stems/${encodeURIComponent(stem)}.${format}`;
}

/** With title, artist, album and cover in the file. */
export function taggedStemPath(id: SeparationId, stem: string, format: Format): string {
  return `${stemPath(id, stem, format)}?tags=true`;
}

export function previewPath(id: SeparationId, attempt: string, stem: string, n: number): string {
  return `${BASE}/${id}/preview/${attempt}/${encodeURIComponent(stem)}/${n}.flac`;
}

/** A block of a stem in the light format. */
export function lightPath(id: SeparationId, stem: string, n: number): string {
  return `${BASE}/${id}/stems/${encodeURIComponent(stem)}/light/${n}.mp3`;
}

export function lightOriginalPath(id: SeparationId, n: number): string {
  return `${BASE}/${id}/original/light/${n}.mp3`;
}

/** Names the content of a file: the browser may then keep it for ever. */
export function withVersion(path: string, sha256: string | undefined): string {
  return sha256 === undefined ? path : `${path}?v=${sha256.slice(0, VERSION_DIGITS)}`;
}

/** The decoded song, sample for sample in step with its stems. */
export function originalPath(id: SeparationId): string {
  return `${BASE}/${id}/original.flac`;
}

interface StereoLevel {
  readonly left: number;
  readonly right: number;
}

interface Mix {
  /** linear, by stem; only the audible ones */
  readonly levels: ReadonlyMap<string, StereoLevel>;
  readonly change: Change;
}

export function mixPath(id: SeparationId, { levels, change }: Mix, format: Format): string {
  // six decimals are finer than a 16-bit step
  const lanes = [...levels].map(([stem, { left, right }]) => `${stem}:${left.toFixed(6)}:${right.toFixed(6)}`);
  const { speed, semitones } = change;
  const query = new URLSearchParams({
    levels: lanes.join(','),
    ...(speed !== 1 && { speed: String(speed) }),
    ...(semitones !== 0 && { semitones: String(semitones) }),
  });
  return `${BASE}/${id}/mix.${format}?${query}`;
}

export function archivePath(id: SeparationId, format: Format): string {
  return `${BASE}/${id}/archive.zip?format=${format}`;
}

export function eventsPath(id: SeparationId): string {
  return `${BASE}/${id}/events`;
}
