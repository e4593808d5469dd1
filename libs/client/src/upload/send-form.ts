import type { Caller } from '../caller.js';
import { paths } from '../paths.js';
import type { Separation } from '../types.js';
import { sendFromBrowser, type BrowserRequestMaker } from './browser-request.js';
import type { Fields, UploadOptions } from './song.js';

/** Uploads a song from a browser in one form. */
export async function sendForm(
  caller: Caller,
  Request: BrowserRequestMaker,
  song: Blob & { readonly name: string },
  fields: Fields,
  options: UploadOptions,
): Promise<Separation> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set('file', song, song.name);
  const sent = { method: 'POST', path: paths.separations, body: form, song } as const;
  return JSON.parse((await sendFromBrowser(caller, Request, sent, options)).responseText) as Separation;
}
