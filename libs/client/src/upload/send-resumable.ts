import type { Caller } from '../caller.js';
import { ApiError, ConnectionError, isRetryable } from '../errors.js';
import { paths } from '../paths.js';
import { pause } from '../pause.js';
import { streamOf } from '../stream-of.js';
import type { Separation } from '../types.js';

/** of the tus protocol: https://tus.io/protocols/resumable-upload */
const VERSION = { 'tus-resumable': '1.0.0' };
const PART_TYPE = 'application/offset+octet-stream';

const BACKOFF_MS = 1000;
/** how long without a byte that arrives, while no server answers, and while one is busy, in milliseconds */
const MAX_AWAY_MS = 60_000;
const MAX_BUSY_MS = 600_000;
const GIVE_UP_MS = 5000;
/** a connection that takes nothing for this long is broken */
const SILENCE_MS = 60_000;

/** another call is still storing what arrived, or has stored more than we know */
const OF_A_BREAK = ['upload_in_use', 'upload_offset_mismatch'];

interface Source {
  readonly name: string;
  /** in bytes */
  readonly size: number;
  slice(start: number): { stream(): ReadableStream<Uint8Array> };
}

interface Upload {
  readonly song: Source;
  readonly fields: Readonly<Record<string, string>>;
}

interface Options {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (sentBytes: number, totalBytes: number) => void;
}

/** Uploads a song, and goes on where it was when the connection breaks. */
export async function sendResumable(caller: Caller, upload: Upload, options: Options): Promise<Separation> {
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

async function sendAll(caller: Caller, path: string, { song, fields }: Upload, options: Options): Promise<Separation> {
  const { signal } = options;
  let arrived = 0;
  let lastByte = Date.now();
  // undefined after a break
  let offset: number | undefined = 0;
  for (;;) {
    try {
      offset ??= await arrivedBytes(caller, path, signal);
      if (offset > arrived) lastByte = Date.now();
      arrived = offset;
      if (offset === song.size) return await finish(caller, path, fields, signal);
      offset = await sendRest(caller, path, song, offset, options);
    } catch (error) {
      signal?.throwIfAborted();
      const limitMs = error instanceof ConnectionError ? MAX_AWAY_MS : MAX_BUSY_MS;
      if (!mayGoOn(error) || Date.now() - lastByte > limitMs) throw error;
      await pause((error instanceof ApiError ? error.retryAfterMs : undefined) ?? BACKOFF_MS, signal);
      offset = undefined;
    }
  }
}

function mayGoOn(error: unknown): boolean {
  return isRetryable(error) || (error instanceof ApiError && OF_A_BREAK.includes(error.code));
}

/** @returns the path of the upload */
async function begin(caller: Caller, { name, size }: Source, signal: AbortSignal | undefined): Promise<string> {
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
  return offsetIn(await caller.briefly(path, { method: 'HEAD', headers: VERSION, ...withSignal(signal) }));
}

/** @returns how much has arrived */
async function sendRest(
  caller: Caller,
  path: string,
  song: Source,
  from: number,
  { signal, onProgress }: Options,
): Promise<number> {
  const silence = new AbortController();
  const goSilent = (): void => {
    silence.abort(new ConnectionError('The upload went silent.'));
  };
  let timer = setTimeout(goSilent, SILENCE_MS);
  // what cannot be read is not the fault of the connection
  let unread: unknown;
  async function* body(): AsyncGenerator<Uint8Array> {
    let sent = from;
    try {
      for await (const chunk of song.slice(from).stream()) {
        // an aborted request would read the file to its end
        if (signal?.aborted === true || silence.signal.aborted) return;
        yield chunk;
        clearTimeout(timer);
        timer = setTimeout(goSilent, SILENCE_MS);
        sent += chunk.length;
        onProgress?.(sent, song.size);
      }
      if (sent < song.size) throw new Error(`${song.name} has become shorter.`);
    } catch (error) {
      unread = error;
      throw error;
    }
  }
  const headers = {
    ...VERSION,
    'content-type': PART_TYPE,
    'content-length': String(song.size - from),
    'upload-offset': String(from),
  };
  const signals = AbortSignal.any([silence.signal, ...(signal === undefined ? [] : [signal])]);
  const init = { method: 'PATCH', headers, body: streamOf(body()), duplex: 'half', signal: signals };
  try {
    return offsetIn(await caller.call(path, init as RequestInit));
  } catch (error) {
    throw unread ?? error;
  } finally {
    clearTimeout(timer);
  }
}

/** An upload that became a separation leads to it again. */
async function finish(
  caller: Caller,
  path: string,
  fields: Upload['fields'],
  signal: AbortSignal | undefined,
): Promise<Separation> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set('upload', path.split('/').at(-1) ?? '');
  const response = await caller.call(paths.separations, { method: 'POST', body: form, ...withSignal(signal) });
  return (await response.json()) as Separation;
}

function offsetIn({ headers }: Response): number {
  const offset = headers.get('upload-offset');
  if (offset === null) throw new Error('The server did not tell how much of the upload has arrived.');
  return Number(offset);
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

function withSignal(signal: AbortSignal | undefined): RequestInit {
  return signal === undefined ? {} : { signal };
}
