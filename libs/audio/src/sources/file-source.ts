import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { SeekableSource } from './seekable-source.js';

/** A song on the disk, read as a stored one is: rest-server and the worker then decode it in the same way. */
export async function fileSource(path: string): Promise<SeekableSource> {
  const { size } = await stat(path);
  return {
    bytes: size,
    read: ({ start, end }) => Promise.resolve(createReadStream(path, { start, end })),
  };
}
