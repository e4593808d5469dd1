import type { Caller } from '../caller.js';
import { ConnectionError } from '../errors.js';
import { paths } from '../paths.js';
import type { Separation } from '../types.js';
import { Perseverance } from './perseverance.js';
import type { FileSong, Fields, UploadOptions } from './song.js';

/** of the tus protocol: https://tus.io/protocols/resumable-upload */
const VERSION = { 'tus-resumable': '1.0.0' };
const PART_TYPE = 'application/offset+octet-stream';

/** a server that is away at the start has taken nothing yet; how long one may be busy, ms */
const AT_THE_START = { away: 0, busy: 60_000 };
const WHEN_GIVING_UP = { away: 0, busy: 5000 };

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
  /** whether a connection has broken already: the server may be away for a while */
  readonly isBroken: boolean;
}

/** Uploads a song, and goes on where it was when the connection breaks. */
export async function sendResumable(caller: Caller, upload: Upload, options: UploadOptions): Promise<Separation> {
  const path = await begin(caller, upload, options.signal);
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
  await new Perseverance(WHEN_GIVING_UP).repeat(remove).catch(() => undefined);
}

async function sendAll(caller: Caller, path: string, upload: Upload, options: UploadOptions): Promise<Separation> {
  const { song, fields, sendRest } = upload;
  const { signal } = options;
  const perseverance = new Perseverance();
  let arrived = 0;
  // undefined after a break
  let from: number | undefined = 0;
  for (;;) {
    try {
      from ??= await arrivedBytes(caller, path, signal);
      if (from > arrived) perseverance.renew();
      arrived = from;
      if (from === song.size) return await finish(caller, path, fields, signal);
      const headers = { ...VERSION, 'content-type': PART_TYPE, 'upload-offset': String(from) };
      from = toOffset(await sendRest({ path, from, headers }, options));
    } catch (error) {
      await perseverance.endure(error, signal);
      from = undefined;
    }
  }
}

/** @returns the path of the upload */
async function begin(caller: Caller, { song, isBroken }: Upload, signal: AbortSignal | undefined): Promise<string> {
  const { name, size } = song;
  const headers = { ...VERSION, 'upload-length': String(size), 'upload-metadata': `filename ${base64(name)}` };
  const create = (): Promise<Response> =>
    caller.briefly(paths.uploads, { method: 'POST', headers, ...withSignal(signal) });
  const perseverance = isBroken ? new Perseverance() : new Perseverance(AT_THE_START);
  const response = await perseverance.repeat(create, signal);
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
