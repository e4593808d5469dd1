import type { SeekableSource } from '@app/audio';
import { ofLength, type ByteRange, type ObjectStore } from '@app/storage';
import type { Readable } from 'node:stream';

/** An object whose length is known. */
export interface StoredFile {
  readonly key: string;
  readonly bytes: number;
}

/** Lets ffmpeg seek in an object, until the signal aborts. */
export function seekableObject(store: ObjectStore, { key, bytes }: StoredFile, signal: AbortSignal): SeekableSource {
  const read = async (range: ByteRange): Promise<Readable> =>
    ofLength(range.end - range.start + 1, await store.get(key, { range, signal }));
  return { bytes, read };
}
