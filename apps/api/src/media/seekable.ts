import type { SeekableSource } from '@app/audio';
import type { ObjectStore } from '@app/storage';

/** An object whose length is known. */
export interface StoredFile {
  readonly key: string;
  readonly bytes: number;
}

/** The object as ffmpeg reads it: from any place, until the signal aborts. */
export function seekable(store: ObjectStore, { key, bytes }: StoredFile, signal: AbortSignal): SeekableSource {
  return { bytes, read: (range) => store.get(key, { range, signal }) };
}
