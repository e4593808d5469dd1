import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { objectKeys, type StoredRequest } from '@app/separations';
import type { ObjectStore } from '@app/storage';
import { SongChangedError } from './separation.errors.js';
import type { StepContext } from './step-context.js';

export interface FetchedSong {
  readonly path: string;
}

/**
 * Downloads the song from the store to the scratch folder.
 * @throws ObjectNotFoundError, StorageUnavailableError, or SongChangedError if it is not the accepted song
 */
export async function fetchSong(store: ObjectStore, request: StoredRequest, step: StepContext): Promise<FetchedSong> {
  const key = objectKeys.input(request.id, request.inputExtension);
  const path = join(step.scratch, `input.${request.inputExtension}`);
  const hash = createHash('sha256');
  let bytes = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done): void {
      bytes += chunk.length;
      hash.update(chunk);
      step.progress.report('fetch', bytes, request.inputBytes);
      // stops at the accepted length, before a longer song fills the disk
      done(bytes > request.inputBytes ? new SongChangedError() : null, chunk);
    },
  });
  const source = await store.get(key, { signal: step.signal });
  await pipeline(source, measure, createWriteStream(path), { signal: step.signal });
  if (hash.digest('hex') !== request.inputSha256) throw new SongChangedError();
  return { path };
}
