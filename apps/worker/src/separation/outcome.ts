import {
  objectKeys,
  parseStoredRequest,
  type SeparationId,
  type StoredRequest,
  type StoredState,
} from '@app/separations';
import type { ObjectStore } from '@app/storage';

const CALL_TIMEOUT_MS = 10_000;

/** undefined where the separation was deleted. @throws StorageUnavailableError, InvalidDocumentError */
export async function readRequest(
  store: ObjectStore,
  id: SeparationId,
  signal: AbortSignal,
): Promise<StoredRequest | undefined> {
  const json = await store.getText(objectKeys.request(id), { signal });
  return json === undefined ? undefined : parseStoredRequest(json);
}

/**
 * Writes down how a separation ended without stems, and removes what was stored of them, which nobody would serve.
 * A separation that was deleted meanwhile stays deleted, and one that is completed stays completed.
 * @throws StorageUnavailableError
 */
export async function writeOutcome(store: ObjectStore, id: SeparationId, outcome: StoredState): Promise<void> {
  const signal = AbortSignal.timeout(CALL_TIMEOUT_MS);
  const request = await readRequest(store, id, signal);
  if (request === undefined || (await store.head(objectKeys.manifest(id), { signal })) !== undefined) return;
  await store.putText(objectKeys.request(id), JSON.stringify({ ...request, outcome }), { signal });
  await removeStems(store, id, signal);
}

export async function removeStems(store: ObjectStore, id: SeparationId, signal: AbortSignal): Promise<void> {
  await store.removeAll(`${objectKeys.separation(id)}stems/`, { signal });
  await store.remove(objectKeys.waveform(id), { signal });
}
