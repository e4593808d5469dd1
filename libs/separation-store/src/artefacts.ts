import { isArtefactKey, objectKeys, servedKeys, type SeparationId } from '@app/separations';
import { StorageUnavailableError, type ObjectInfo, type ObjectStore } from '@app/storage';
import { documentKeys } from './document-keys.js';
import type { StoredSeparation } from './ending.js';

/** Removes every artefact of a separation, and keeps its song and its documents. */
export async function removeArtefacts(objects: ObjectStore, id: SeparationId, signal: AbortSignal): Promise<void> {
  // most of them in few calls
  await objects.removeAll(objectKeys.stems(id), { signal });
  await removeWhere(objects, id, ({ key }) => isArtefactKey(id, key), signal);
}

/**
 * Removes artefacts that no manifest refers to: of an attempt that died, or of a second run that came too late.
 * A young one may belong to a run that is about to commit. @returns how many
 */
export function removeStrays(
  objects: ObjectStore,
  { request: { id }, manifest }: StoredSeparation,
  olderThanMs: number,
  signal: AbortSignal,
): Promise<number> {
  const kept = manifest === undefined ? new Set<string>() : servedKeys(manifest);
  const isStray = (object: ObjectInfo): boolean =>
    isArtefactKey(id, object.key) && !kept.has(object.key) && isOlder(object, olderThanMs);
  return removeWhere(objects, id, isStray, signal);
}

/**
 * Removes all of a folder without a request, except a young song. @returns how many
 * @throws StorageUnavailableError if the store lists the request that it did not find
 */
export async function removeStale(
  objects: ObjectStore,
  id: SeparationId,
  olderThanMs: number,
  signal: AbortSignal,
): Promise<number> {
  const song = objectKeys.input(id, '');
  const isStale = (object: ObjectInfo): boolean => {
    if (object.key === documentKeys.request(id)) throw new StorageUnavailableError('it lists what it does not find');
    return !object.key.startsWith(song) || isOlder(object, olderThanMs);
  };
  return removeWhere(objects, id, isStale, signal);
}

async function removeWhere(
  objects: ObjectStore,
  id: SeparationId,
  isUnwanted: (object: ObjectInfo) => boolean,
  signal: AbortSignal,
): Promise<number> {
  const unwanted: string[] = [];
  for await (const object of objects.list(objectKeys.separation(id), { signal })) {
    if (isUnwanted(object)) unwanted.push(object.key);
  }
  for (const key of unwanted) await objects.remove(key, { signal });
  return unwanted.length;
}

function isOlder({ modifiedAt }: ObjectInfo, milliseconds: number): boolean {
  return Date.now() - modifiedAt.getTime() > milliseconds;
}
