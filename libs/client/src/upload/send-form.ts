import type { Caller } from '../caller.js';
import { ConnectionError, toApiError } from '../errors.js';
import type { Separation } from '../types.js';

/** What is used of an XMLHttpRequest: Node has no type for it. */
interface FormRequest {
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
  send(form: FormData): void;
  abort(): void;
}

export type FormRequestMaker = new () => FormRequest;

interface Upload {
  readonly request: FormRequest;
  readonly path: string;
  readonly song: Blob & { readonly name: string };
  readonly fields: Readonly<Record<string, string>>;
}

interface Options {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (sentBytes: number, totalBytes: number) => void;
}

/** Uploads a song from a browser, where fetch reports no progress. */
export function sendForm(
  caller: Caller,
  { request, path, song, fields }: Upload,
  { signal, onProgress }: Options,
): Promise<Separation> {
  const key = caller.key;
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set('file', song, song.name);
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const abort = (): void => {
      request.abort();
    };
    request.open('POST', caller.url(path));
    for (const [name, value] of Object.entries(caller.headers(key))) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => {
      onProgress?.(loaded, total);
    };
    request.onload = () => {
      const { status, responseText } = request;
      if (status >= 200 && status < 300) {
        resolve(JSON.parse(responseText) as Separation);
        return;
      }
      caller.checkKey(status, key);
      reject(toApiError(status, responseText, request.getResponseHeader('retry-after')));
    };
    request.onerror = () => {
      reject(new ConnectionError('The connection broke during the upload.'));
    };
    request.onabort = () => {
      reject(signal?.reason as Error);
    };
    request.onloadend = () => {
      signal?.removeEventListener('abort', abort);
    };
    signal?.addEventListener('abort', abort);
    request.send(form);
  });
}
