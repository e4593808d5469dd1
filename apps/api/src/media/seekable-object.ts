import type { SeekableSource } from '@app/audio';
import type { ObjectStore } from '@app/storage';

/** An object whose length is known. */
export interface StoredFile {
  readonly key: string;
  readonly bytes: number;
}

/** Lets ffmpeg seek in an object, until the signal aborts. */
export function seekableObject(store: ObjectStore, { key, bytes }: StoredFile, signal: AbortSignal): SeekableSource {
  return { bytes, read: (range) => store.get(key, { range, signal }) };
}
