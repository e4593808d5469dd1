import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import type { Song } from '../upload/song.js';

/** A file to upload. It is read piece by piece. @throws the system's error if there is no such file */
export async function songFile(path: string): Promise<Song> {
  const { size } = await stat(path);
  const slice = (start: number): Pick<Song, 'stream'> => ({
    stream: () => Readable.toWeb(createReadStream(path, { start })) as ReadableStream<Uint8Array>,
  });
  return { name: basename(path), size, slice, stream: () => slice(0).stream() };
}
