import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Caller, Reply } from './caller.js';
import type { Song } from './song-library.js';

type Fields = Readonly<Record<string, string>>;

/** Uploads the song until it is accepted or refused. */
export async function sendSong(caller: Caller, song: Song, fields: Fields): Promise<Reply> {
  const form = await songForm(song, fields);
  return caller.until('upload', '/v1/separations', { method: 'POST', body: () => form });
}

export async function songForm(song: Song, fields: Fields): Promise<FormData> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set('file', new Blob([new Uint8Array(await readFile(song.path))]), basename(song.path));
  return form;
}
