import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import type { Song } from '../upload/upload.js';

/** A file to upload. It is read piece by piece. @throws the system's error if there is no such file */
export async function songFile(path: string): Promise<Song> {
  const { size } = await stat(path);
  const stream = (): ReadableStream<Uint8Array> => Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>;
  return { name: basename(path), size, stream };
}
