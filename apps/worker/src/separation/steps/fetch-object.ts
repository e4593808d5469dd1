import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ManifestFile } from '@app/separations';
import type { ObjectStore } from '@app/storage';
import { ObjectChangedError } from './separation.errors.js';

interface FetchOptions {
  readonly signal: AbortSignal;
  /** called with the number of bytes that have come */
  readonly onBytes?: (bytes: number) => void;
}

/**
 * Downloads an object into a file.
 * @throws ObjectNotFoundError, StorageUnavailableError, or ObjectChangedError if it has other bytes than its record says
 */
export async function fetchObject(
  store: ObjectStore,
  { key, bytes, sha256 }: ManifestFile,
  path: string,
  { signal, onBytes }: FetchOptions,
): Promise<void> {
  const hash = createHash('sha256');
  let received = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done): void {
      received += chunk.length;
      hash.update(chunk);
      onBytes?.(received);
      // stops at the recorded length, before a longer object fills the disk
      done(received > bytes ? new ObjectChangedError(key) : null, chunk);
    },
  });
  await pipeline(await store.get(key, { signal }), measure, createWriteStream(path), { signal });
  if (hash.digest('hex') !== sha256) throw new ObjectChangedError(key);
}
