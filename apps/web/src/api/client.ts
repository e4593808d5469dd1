import { SeparationClient, paths } from '@app/client';
import type { Change } from '@app/stretch';
import { accessKey, rejectKey } from './access-key.js';
import type { Format, SeparationId } from './contract.js';

/** as in the links of the API */
const VERSION_DIGITS = 16;

/** The server that the page came from. The key is sent in a header only, never in a URL. */
export const api = new SeparationClient({
  server: location.origin,
  key: () => accessKey.value,
  onKeyRejected: rejectKey,
});

/** @throws ApiError for an error response, ConnectionError if there is none */
export function call(path: string, init?: RequestInit): Promise<Response> {
  return api.call(path, init);
}

/** With title, artist, album and cover in the file. */
export function taggedStemPath(id: SeparationId, stem: string, format: Format): string {
  return `${paths.stem(id, stem, format)}?tags=true`;
}

/** Names the content of a file: the browser may then keep it for ever. */
export function withVersion(path: string, sha256: string | undefined): string {
  return sha256 === undefined ? path : `${path}?v=${sha256.slice(0, VERSION_DIGITS)}`;
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
  return `${paths.mix(id, format)}?${query}`;
}

export function archivePath(id: SeparationId, format: Format): string {
  return `${paths.archive(id)}?format=${format}`;
}
