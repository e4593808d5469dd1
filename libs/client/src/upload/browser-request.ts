import type { Caller } from '../caller.js';
import { ConnectionError, toApiError, UnreadableSongError } from '../errors.js';

/** What is used of an XMLHttpRequest: Node has no type for it. */
interface BrowserRequest {
  readonly upload: { onprogress: ((event: { loaded: number; total: number }) => void) | null };
  readonly status: number;
  readonly responseText: string;
  onload: (() => void) | null;
  onerror: (() => void) | null;
  onabort: (() => void) | null;
  onloadend: (() => void) | null;
  open(method: string, url: URL): void;
  setRequestHeader(name: string, value: string): void;
  getResponseHeader(name: string): string | null;
  send(body: FormData | Blob): void;
  abort(): void;
}

export type BrowserRequestMaker = new () => BrowserRequest;

interface Sent {
  readonly method: 'POST' | 'PATCH';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: FormData | Blob;
  /** what the body has of the song */
  readonly song: Blob;
}

interface Options {
  readonly signal?: AbortSignal | undefined;
  /** @param totalBytes of the body, which is longer than the song in a form */
  readonly onProgress?: (sentBytes: number, totalBytes: number) => void;
}

/** undefined outside of browsers */
export function browserRequests(): BrowserRequestMaker | undefined {
  return (globalThis as { XMLHttpRequest?: BrowserRequestMaker }).XMLHttpRequest;
}

/**
 * Sends a body from a browser, where fetch reports no progress.
 *
 * @returns the request, which has its answer
 * @throws ApiError for an error response, ConnectionError if there is none, UnreadableSongError, or the signal's reason
 *   after an abort
 */
export function sendFromBrowser(
  caller: Caller,
  Request: BrowserRequestMaker,
  { method, path, headers = {}, body, song }: Sent,
  { signal, onProgress }: Options,
): Promise<BrowserRequest> {
  const key = caller.key;
  const request = new Request();
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const abort = (): void => {
      request.abort();
    };
    request.open(method, caller.url(path));
    for (const [name, value] of Object.entries({ ...caller.headers(key), ...headers })) {
      request.setRequestHeader(name, value);
    }
    request.upload.onprogress = ({ loaded, total }) => {
      onProgress?.(loaded, total);
    };
    request.onload = () => {
      const { status, responseText } = request;
      if (status >= 200 && status < 300) {
        resolve(request);
        return;
      }
      caller.checkKey(status, key);
      reject(toApiError(status, responseText, request.getResponseHeader('retry-after')));
    };
    request.onerror = () => {
      void whatBroke(song).then(reject);
    };
    request.onabort = () => {
      reject(signal?.reason as Error);
    };
    request.onloadend = () => {
      signal?.removeEventListener('abort', abort);
    };
    signal?.addEventListener('abort', abort);
    request.send(body);
  });
}

/** A browser reports a file that was moved or changed as a broken connection. */
function whatBroke(song: Blob): Promise<Error> {
  const read = song.slice(0, 1).arrayBuffer();
  return read.then(
    () => new ConnectionError('The connection broke during the upload.'),
    (cause: unknown) => new UnreadableSongError('The browser can no longer read the file.', { cause }),
  );
}
