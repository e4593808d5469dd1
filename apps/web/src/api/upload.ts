import type { Separation } from './contract.js';
import { accessKey, rejectKey } from './access-key.js';
import { keyHeaders } from './client.js';
import { ConnectionError, toApiError } from './errors.js';

interface UploadProgress {
  readonly sentBytes: number;
  readonly totalBytes: number;
}

interface UploadHooks {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: UploadProgress) => void;
}

/** Uploads a song with its option fields. Uses XMLHttpRequest, because fetch reports no upload progress. */
export function upload(
  file: File,
  fields: Readonly<Record<string, string>>,
  { signal, onProgress }: UploadHooks,
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
      if (request.status === 401) rejectKey(key);
      reject(toApiError(request.status, request.responseText));
    };
    request.onerror = () => {
      reject(new ConnectionError('the connection broke during the upload'));
    };
    request.onabort = () => {
      reject(new DOMException('the upload was canceled', 'AbortError'));
    };
    request.onloadend = () => {
      signal.removeEventListener('abort', abort);
    };
    signal.addEventListener('abort', abort);
    request.send(form);
  });
}
