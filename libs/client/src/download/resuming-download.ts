import type { CallOptions, Caller } from '../caller.js';
import { ConnectionError, isRetryable } from '../errors.js';
import { pause } from '../pause.js';
import { streamOf } from '../stream-of.js';

const BACKOFF_MS = 1000;
/** how long without a single byte, in milliseconds */
const MAX_RETRY_MS = 60_000;
/** a connection that sends nothing for this long is broken */
const SILENCE_MS = 60_000;

/**
 * Answers as the server does, with a body that goes on where it was when the connection breaks. What takes no Range, such
 * as a mix, fails then.
 * @throws ApiError, ConnectionError, the signal's reason after an abort; the body too
 */
export async function resumingDownload(caller: Caller, path: string, { signal }: CallOptions): Promise<Response> {
  const first = await caller.call(path, signal === undefined ? {} : { signal });
  const { status, headers } = first;
  const body = streamOf(bytesOf(caller, path, first, signal));
  return new Response(body, { status, headers });
}

async function* bytesOf(
  caller: Caller,
  path: string,
  first: Response,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const length = first.headers.get('content-length');
  const etag = first.headers.get('etag');
  const canResume = etag !== null && length !== null && first.headers.get('accept-ranges') === 'bytes';
  let response: Response | undefined = first;
  let received = 0;
  let lastByte = Date.now();
  for (;;) {
    try {
      response ??= await rest(caller, path, received, etag ?? '', signal);
      for await (const chunk of chunksOf(response, signal)) {
        received += chunk.length;
        lastByte = Date.now();
        yield chunk;
      }
      if (length === null || received === Number(length)) return;
      throw new ConnectionError(`The download of ${path} ended early.`);
    } catch (error) {
      signal?.throwIfAborted();
      const isLasting = !canResume || !isRetryable(error) || Date.now() - lastByte > MAX_RETRY_MS;
      if (isLasting) throw error;
    }
    response = undefined;
    await pause(BACKOFF_MS, signal);
  }
}

async function rest(
  caller: Caller,
  path: string,
  from: number,
  etag: string,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const headers = { range: `bytes=${from}-`, 'if-range': etag };
  const response = await caller.call(path, { headers, ...(signal !== undefined && { signal }) });
  const isRest = response.headers.get('content-range')?.startsWith(`bytes ${from}-`) === true;
  if (response.status === 206 && isRest) return response;
  await response.body?.cancel();
  throw new Error(`${path} has changed during the download. Start it again.`);
}

async function* chunksOf({ body, url }: Response, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const reader = (body as ReadableStream<Uint8Array> | null)?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      const silence = new AbortController();
      const timer = setTimeout(() => {
        silence.abort();
        void reader.cancel().catch(() => undefined);
      }, SILENCE_MS);
      const next = await reader.read().finally(() => {
        clearTimeout(timer);
      });
      if (silence.signal.aborted) throw new ConnectionError(`The download of ${url} went silent.`);
      if (next.done) return;
      yield next.value;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof ConnectionError ? error : new ConnectionError('The download broke.', { cause: error });
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
