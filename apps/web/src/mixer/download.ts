import { accessKey } from '../api/access-key.js';
import { call } from '../api/client.js';

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

export async function fetchAndSave(path: string): Promise<void> {
  const answer = await call(path);
  save(await answer.blob(), fileName(answer.headers.get('content-disposition') ?? ''));
}

/** The name in a Content-Disposition header (RFC 6266). */
export function fileName(header: string): string {
  const extended = /filename\*=UTF-8''([^;]+)/i.exec(header)?.[1];
  if (extended !== undefined) return decodeURIComponent(extended);
  return /filename="((?:[^"\\]|\\.)*)"/.exec(header)?.[1]?.replace(/\\(.)/g, '$1') ?? 'download';
}
