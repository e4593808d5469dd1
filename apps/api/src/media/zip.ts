import type { ObjectStore } from '@app/storage';
import { ZipArchive } from 'archiver';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export interface ZipEntry {
  readonly key: string;
  readonly name: string;
}

/**
 * Streams objects as a ZIP file, uncompressed, with one object open at a time.
 * @param date of every entry: equal archives have equal bytes
 */
export async function writeZip(
  store: ObjectStore,
  entries: readonly ZipEntry[],
  date: Date,
  destination: Writable,
  signal: AbortSignal,
): Promise<void> {
  const archive = new ZipArchive({ store: true });
  const stop = new AbortController();
  const stopped = AbortSignal.any([signal, stop.signal]);
  const written = pipeline(archive, destination, { signal: stopped });
  try {
    await Promise.all([written, append(store, entries, date, archive, stopped)]);
  } finally {
    stop.abort();
  }
}

async function append(
  store: ObjectStore,
  entries: readonly ZipEntry[],
  date: Date,
  archive: ZipArchive,
  signal: AbortSignal,
): Promise<void> {
  for (const { key, name } of entries) {
    const stream = await store.get(key, { signal });
    const added = once(archive, 'entry', { signal });
    // archiver does not report an entry that breaks off
    stream.once('error', (error) => archive.destroy(error));
    archive.append(stream, { name, date });
    await added;
  }
  await archive.finalize();
}
