import { join } from 'node:path';
import { objectKeys, type StoredRequest } from '@app/separations';
import type { ObjectStore } from '@app/storage';
import { fetchObject } from './fetch-object.js';
import { ObjectChangedError, SongChangedError } from './separation.errors.js';
import type { StepContext } from './step-context.js';

export interface FetchedSong {
  readonly path: string;
}

/**
 * Downloads the song from the store to the scratch folder.
 * @throws ObjectNotFoundError, StorageUnavailableError, or SongChangedError if it is not the accepted song
 */
export async function fetchSong(store: ObjectStore, request: StoredRequest, step: StepContext): Promise<FetchedSong> {
  const { id, inputExtension, inputBytes: bytes, inputSha256: sha256 } = request;
  const path = join(step.scratch, `input.${inputExtension}`);
  const onBytes = (received: number): void => {
    step.progress.report('fetch', received, bytes);
  };
  try {
    const song = { key: objectKeys.input(id, inputExtension), bytes, sha256 };
    await fetchObject(store, song, path, { signal: step.signal, onBytes });
  } catch (error) {
    throw error instanceof ObjectChangedError ? new SongChangedError() : error;
  }
  return { path };
}
