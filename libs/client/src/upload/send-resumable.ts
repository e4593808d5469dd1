import type { Caller } from '../caller.js';
import { ApiError, ConnectionError, isRetryable } from '../errors.js';
import { paths } from '../paths.js';
import { pause } from '../pause.js';
import type { Separation } from '../types.js';
import type { FileSong, Fields, UploadOptions } from './song.js';

/** of the tus protocol: https://tus.io/protocols/resumable-upload */
const VERSION = { 'tus-resumable': '1.0.0' };
const PART_TYPE = 'application/offset+octet-stream';

const BACKOFF_MS = 1000;
/** how long to try without a byte that arrives, while no server answers, and while one is busy, in milliseconds */
const MAX_AWAY_MS = 60_000;
const MAX_BUSY_MS = 600_000;
const GIVE_UP_MS = 5000;

/** another call is still storing what arrived, or has stored more than we know */
const OF_A_BREAK = ['upload_in_use', 'upload_offset_mismatch'];

/** @returns the `Upload-Offset` of the answer */
export type SendRest = (rest: Rest, options: UploadOptions) => Promise<string | null>;

interface Rest {
  readonly path: string;
  /** first byte of it */
  readonly from: number;
  readonly headers: Readonly<Record<string, string>>;
}

interface Upload {
  readonly song: Pick<FileSong, 'name' | 'size'>;
  readonly fields: Fields;
  readonly sendRest: SendRest;
}

/** Uploads a song, and goes on where it was when the connection breaks. */
export async function sendResumable(caller: Caller, upload: Upload, options: UploadOptions): Promise<Separation> {
  const path = await begin(caller, upload.song, options.signal);
  try {
    return await sendAll(caller, path, upload, options);
  } catch (error) {
    if (!(error instanceof ConnectionError)) await giveUp(caller, path);
    throw error;
  }
}

/** The server would keep it for a day. */
async function giveUp(caller: Caller, path: string): Promise<void> {
  const remove = (): Promise<unknown> => caller.briefly(path, { method: 'DELETE', headers: VERSION });
  await whileBusy(remove, GIVE_UP_MS).catch(() => undefined);
}

/** Repeats a call while the server is busy. */
async function whileBusy<T>(call: () => Promise<T>, limitMs: number, signal?: AbortSignal): Promise<T> {
  const began = Date.now();
  for (;;) {
    try {
      return await call();
    } catch (error) {
      signal?.throwIfAborted();
      const isBusy = error instanceof ApiError && mayGoOn(error);
      if (!isBusy || Date.now() - began > limitMs) throw error;
      await pause(BACKOFF_MS, signal);
    }
  }
}

async function sendAll(caller: Caller, path: string, upload: Upload, options: UploadOptions): Promise<Separation> {
  const { song, fields, sendRest } = upload;
  const { signal } = options;
  let arrived = 0;
  // a device that slept counts from its first attempt after it woke up
  let brokenSince: number | undefined;
  // undefined after a break
  let from: number | undefined = 0;
  for (;;) {
    try {
      from ??= await arrivedBytes(caller, path, signal);
      if (from > arrived) brokenSince = undefined;
      arrived = from;
      if (from === song.size) return await finish(caller, path, fields, signal);
      const headers = { ...VERSION, 'content-type': PART_TYPE, 'upload-offset': String(from) };
      from = toOffset(await sendRest({ path, from, headers }, options));
    } catch (error) {
      signal?.throwIfAborted();
      brokenSince ??= Date.now();
      const limitMs = error instanceof ConnectionError ? MAX_AWAY_MS : MAX_BUSY_MS;
      if (!mayGoOn(error) || Date.now() - brokenSince > limitMs) throw error;
      await pause((error instanceof ApiError ? error.retryAfterMs : undefined) ?? BACKOFF_MS, signal);
      from = undefined;
    }
  }
}

function mayGoOn(error: unknown): boolean {
  return isRetryable(error) || (error instanceof ApiError && OF_A_BREAK.includes(error.code));
}

/** @returns the path of the upload */
async function begin(caller: Caller, { name, size }: Upload['song'], signal: AbortSignal | undefined): Promise<string> {
  const headers = { ...VERSION, 'upload-length': String(size), 'upload-metadata': `filename ${base64(name)}` };
  const create = (): Promise<Response> =>
    caller.briefly(paths.uploads, { method: 'POST', headers, ...withSignal(signal) });
  const response = await whileBusy(create, MAX_AWAY_MS, signal);
  await response.body?.cancel();
  const id = response.headers.get('location')?.split('/').at(-1) ?? '';
  if (id === '') throw new Error('The server began an upload, and did not tell where it is.');
  return paths.upload(id);
}

async function arrivedBytes(caller: Caller, path: string, signal: AbortSignal | undefined): Promise<number> {
  const { headers } = await caller.briefly(path, { method: 'HEAD', headers: VERSION, ...withSignal(signal) });
  return toOffset(headers.get('upload-offset'));
}

/** An upload that became a separation leads to it again. */
async function finish(
  caller: Caller,
  path: string,
  fields: Fields,
  signal: AbortSignal | undefined,
): Promise<Separation> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set('upload', path.split('/').at(-1) ?? '');
  const response = await caller.call(paths.separations, { method: 'POST', body: form, ...withSignal(signal) });
  return (await response.json()) as Separation;
}

function toOffset(header: string | null): number {
  if (header === null) throw new Error('The server did not tell how much of the upload has arrived.');
  return Number(header);
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

function withSignal(signal: AbortSignal | undefined): RequestInit {
  return signal === undefined ? {} : { signal };
}
