import type { Caller } from '../caller.js';
import { paths, type Format } from '../paths.js';
import type { Separation } from '../types.js';
import { ConnectionError } from '../errors.js';
import { sendForm, type FormRequestMaker } from './send-form.js';
import { sendResumable } from './send-resumable.js';
import { sendStream } from './send-stream.js';

/** A song to upload: a `File` of a browser, or what `songFile` of `music-separation-client/node` returns. */
export interface Song {
  readonly name: string;
  /** in bytes */
  readonly size: number;
  stream(): ReadableStream<Uint8Array>;
  /** the rest from this byte on; without it, an upload does not go on after a break */
  slice?(start: number): { stream(): ReadableStream<Uint8Array> };
}

/** Options of a separation. The OpenAPI document of the server has the defaults. */
export interface SeparationOptions {
  readonly model?: string;
  readonly stems?: readonly string[];
  readonly formats?: readonly Format[];
  /** share of a segment that overlaps its neighbor, 0 to 0.9 */
  readonly overlap?: number;
  /** shifted passes to average, 0 to 10 */
  readonly shifts?: number;
  /** audio track of a file with several, counted from 1 */
  readonly track?: number;
  /** `low` for work that nobody waits for */
  readonly priority?: Separation['priority'];
}

export interface UploadOptions {
  readonly signal?: AbortSignal | undefined;
  /** called with the bytes that were sent so far, of how many */
  readonly onProgress?: (sentBytes: number, totalBytes: number) => void;
}

/** larger songs go on where they were when the connection breaks */
const LARGE_BYTES = 32 * 1024 * 1024;

export type Fields = Readonly<Record<string, string>>;

/** @throws ApiError, ConnectionError, the signal's reason after an abort */
export function upload(caller: Caller, song: Song, fields: Fields, options: UploadOptions): Promise<Separation> {
  const { XMLHttpRequest } = globalThis as { XMLHttpRequest?: FormRequestMaker };
  if (XMLHttpRequest !== undefined && song instanceof Blob) {
    const request = new XMLHttpRequest();
    return sendForm(caller, { request, path: paths.separations, song, fields }, options);
  }
  if (isFile(song)) return sendFile(caller, song, fields, options);
  return sendStream(caller, { path: paths.separations, song, fields }, options);
}

type FileSong = Song & Required<Pick<Song, 'slice'>>;

function isFile(song: Song): song is FileSong {
  return song.slice !== undefined;
}

/** A small song in one call; if its connection breaks on the way, it goes on as a large one does. */
async function sendFile(caller: Caller, song: FileSong, fields: Fields, options: UploadOptions): Promise<Separation> {
  if (song.size > LARGE_BYTES) return sendResumable(caller, { song, fields }, options);
  let sent = 0;
  const onProgress = (sentBytes: number, totalBytes: number): void => {
    sent = sentBytes;
    options.onProgress?.(sentBytes, totalBytes);
  };
  try {
    return await sendStream(caller, { path: paths.separations, song, fields }, { ...options, onProgress });
  } catch (error) {
    if (sent === 0 || !(error instanceof ConnectionError)) throw error;
    return sendResumable(caller, { song, fields }, options);
  }
}

export function fieldsOf(options: SeparationOptions): Fields {
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [name, String(value)]));
}
