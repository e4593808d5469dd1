import type { Caller } from '../caller.js';
import { paths, type Format } from '../paths.js';
import type { Separation } from '../types.js';
import { ConnectionError } from '../errors.js';
import { browserRequests } from './browser-request.js';
import { restAsStream } from './rest-as-stream.js';
import { restFromBrowser } from './rest-from-browser.js';
import { sendForm } from './send-form.js';
import { sendResumable, type SendRest } from './send-resumable.js';
import { sendStream } from './send-stream.js';
import { Silence } from './silence.js';
import { isFile, type Fields, type Song, type UploadOptions } from './song.js';

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

/** larger songs go on where they were when the connection breaks */
const LARGE_BYTES = 32 * 1024 * 1024;

/** Browsers report the progress of an XMLHttpRequest only, and Node has none. */
interface Sender {
  readonly sendWhole: (options: UploadOptions) => Promise<Separation>;
  readonly sendRest: SendRest;
}

/** @throws ApiError, ConnectionError, the signal's reason after an abort */
export function upload(caller: Caller, song: Song, fields: Fields, options: UploadOptions): Promise<Separation> {
  const Request = browserRequests();
  if (Request !== undefined && song instanceof Blob) {
    const sendWhole: Sender['sendWhole'] = (hooks) => sendForm(caller, Request, song, fields, hooks);
    return sendFile(caller, song, fields, { sendWhole, sendRest: restFromBrowser(caller, Request, song) }, options);
  }
  const sendWhole: Sender['sendWhole'] = (hooks) =>
    sendStream(caller, { path: paths.separations, song, fields }, hooks);
  if (!isFile(song)) return sendWhole(options);
  return sendFile(caller, song, fields, { sendWhole, sendRest: restAsStream(caller, song) }, options);
}

/** A small song in one call; if its connection breaks on the way, it goes on as a large one does. */
async function sendFile(
  caller: Caller,
  song: Pick<Song, 'name' | 'size'>,
  fields: Fields,
  { sendWhole, sendRest }: Sender,
  options: UploadOptions,
): Promise<Separation> {
  const resume = (isBroken: boolean): Promise<Separation> =>
    sendResumable(caller, { song, fields, sendRest, isBroken }, options);
  if (song.size > LARGE_BYTES) return resume(false);
  const silence = new Silence(options.signal);
  let sent = 0;
  const onProgress = (sentBytes: number, totalBytes: number): void => {
    sent = sentBytes;
    if (sentBytes < totalBytes) silence.break();
    // the server takes its time to check the song
    else silence.end();
    options.onProgress?.(sentBytes, totalBytes);
  };
  try {
    return await sendWhole({ signal: silence.signal, onProgress });
  } catch (error) {
    if (sent === 0 || !(error instanceof ConnectionError)) throw error;
  } finally {
    silence.end();
  }
  return resume(true);
}

export function fieldsOf(options: SeparationOptions): Fields {
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [name, String(value)]));
}
