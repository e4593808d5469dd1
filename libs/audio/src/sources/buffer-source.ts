import { Readable } from 'node:stream';
import type { SeekableSource } from './seekable-source.js';

/** A song in memory. */
export function bufferSource(bytes: Buffer): SeekableSource {
  return {
    bytes: bytes.length,
    read: ({ start, end }) => Promise.resolve(Readable.from([bytes.subarray(start, end + 1)], { objectMode: false })),
  };
}
