import type { ObjectStore } from '@app/storage';
import { ZipArchive } from 'archiver';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export interface ArchiveEntry {
  readonly key: string;
  readonly name: string;
}

/**
 * Streams the objects as a zip file, one open at a time; sound does not get smaller, so it is stored as it is.
 * @param date of every entry, so that equal archives have equal bytes
 */
export async function writeArchive(
  store: ObjectStore,
  entries: readonly ArchiveEntry[],
  date: Date,
  destination: Writable,
  signal: AbortSignal,
): Promise<void> {
  const archive = new ZipArchive({ store: true });
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const written = pipeline(archive, destination, { signal: either });
  try {
    await Promise.all([written, append(store, entries, date, archive, either)]);
  } finally {
    stop.abort();
  }
}

async function append(
  store: ObjectStore,
  entries: readonly ArchiveEntry[],
  date: Date,
  archive: ZipArchive,
  signal: AbortSignal,
): Promise<void> {
  for (const { key, name } of entries) {
    const stream = await store.get(key, { signal });
    const added = once(archive, 'entry', { signal });
    // archiver does not tell of an entry that breaks off in the middle
    stream.once('error', (error) => archive.destroy(error));
    archive.append(stream, { name, date });
    await added;
  }
  await archive.finalize();
}
