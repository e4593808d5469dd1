import { accessKey } from '../../api/access-key.js';
import { call } from '../../api/client.js';

/** long enough for the browser to read the file */
const REVOKE_AFTER_MS = 60_000;

/** Whether downloads need `fetch`: a plain link cannot send the access key, and no URL may contain it. */
export function needsFetch(): boolean {
  return accessKey.value !== undefined;
}

interface FetchOptions {
  readonly signal: AbortSignal;
  /** @param fraction 0 to 1, from the first byte on */
  readonly onProgress: (fraction: number) => void;
}

/** Downloads a file with the access key, under the server's name for it. @returns the response's headers */
export async function fetchAndSave(path: string, options?: FetchOptions): Promise<Headers> {
  const response = await call(path, options === undefined ? {} : { signal: options.signal });
  const { headers } = response;
  const file = await (options === undefined ? response : withProgress(response, options.onProgress)).blob();
  save(file, fileName(headers.get('content-disposition') ?? ''));
  return headers;
}

function save(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, REVOKE_AFTER_MS);
}

/** A response and not its chunks, because the browser can keep its bytes on disk. */
function withProgress({ body, headers }: Response, onProgress: FetchOptions['onProgress']): Response {
  const total = Number(headers.get('content-length'));
  let received = 0;
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      received += chunk.length;
      onProgress(received / total);
      controller.enqueue(chunk);
    },
  });
  return new Response(body?.pipeThrough(counter) ?? null, { headers });
}

/** The file name in a Content-Disposition header (RFC 6266). */
function fileName(header: string): string {
  const extended = /filename\*=UTF-8''([^;]+)/i.exec(header)?.[1];
  if (extended !== undefined) return decodeURIComponent(extended);
  return /filename="((?:[^"\\]|\\.)*)"/.exec(header)?.[1]?.replace(/\\(.)/g, '$1') ?? 'download';
}
