import { accessKey } from '../../api/access-key.js';
import { call } from '../../api/client.js';

/** Hands a file to the browser under a name. */
export function save(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // the browser has to have read it; it keeps nothing that was not fetched by then
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, 60_000);
}

/** Where a key is needed a plain link cannot send it, and no address may hold it: the file is fetched with the key. */
export function needsFetch(): boolean {
  return accessKey.value !== undefined;
}

export interface FetchOptions {
  readonly signal: AbortSignal;
  /** @param share 0 to 1, from the first byte on */
  readonly onProgress: (share: number) => void;
}

/** @returns the headers of the answer */
export async function fetchAndSave(path: string, options?: FetchOptions): Promise<Headers> {
  const answer = await call(path, options === undefined ? {} : { signal: options.signal });
  const { headers } = answer;
  const file = await (options === undefined ? answer : watched(answer, options.onProgress)).blob();
  save(file, fileName(headers.get('content-disposition') ?? ''));
  return headers;
}

/** the same answer, which tells how much of it has come: the browser may keep its bytes on disk */
function watched({ body, headers }: Response, onProgress: FetchOptions['onProgress']): Response {
  const total = Number(headers.get('content-length'));
  let seen = 0;
  const count = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      seen += chunk.length;
      onProgress(seen / total);
      controller.enqueue(chunk);
    },
  });
  return new Response(body?.pipeThrough(count) ?? null, { headers });
}

/** The name in a Content-Disposition header (RFC 6266). */
export function fileName(header: string): string {
  const extended = /filename\*=UTF-8''([^;]+)/i.exec(header)?.[1];
  if (extended !== undefined) return decodeURIComponent(extended);
  return /filename="((?:[^"\\]|\\.)*)"/.exec(header)?.[1]?.replace(/\\(.)/g, '$1') ?? 'download';
}
