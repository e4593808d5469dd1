import type { Separation } from '@app/separations';
import { keyHeaders } from './client.js';
import { accessKey, refuseKey } from './access-key.js';
import { ConnectionError, problemOf } from './errors.js';

export interface UploadProgress {
  readonly sentBytes: number;
  readonly totalBytes: number;
}

export interface UploadOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: UploadProgress) => void;
}

/** Sends a song with its option fields. XMLHttpRequest, because fetch does not tell how much it has sent. */
export function upload(
  file: File,
  fields: Readonly<Record<string, string>>,
  { signal, onProgress }: UploadOptions,
): Promise<Separation> {
  const key = accessKey.value;
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set('file', file, file.name);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = (): void => {
      request.abort();
    };
    request.open('POST', '/v1/separations');
    for (const [name, value] of Object.entries(keyHeaders())) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => {
      onProgress({ sentBytes: loaded, totalBytes: total });
    };
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) {
        resolve(JSON.parse(request.responseText) as Separation);
        return;
      }
      if (request.status === 401) refuseKey(key);
      reject(problemOf(request.status, request.responseText));
    };
    request.onerror = () => {
      reject(new ConnectionError('the upload broke off'));
    };
    request.onabort = () => {
      reject(new DOMException('the upload was cancelled', 'AbortError'));
    };
    request.onloadend = () => {
      signal.removeEventListener('abort', abort);
    };
    signal.addEventListener('abort', abort);
    request.send(form);
  });
}
