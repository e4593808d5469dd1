import { Injectable } from '@nestjs/common';
import { objectKeys, type SeparationId, type StemName } from '@app/separations';
import { ObjectStore } from '@app/storage';
import { fromStore } from '../problems/outages.js';

/**
 * The tracks that callers of /apiv1 removed. A separation cannot lose one stem without its receipt becoming untrue: the
 * stem stays, and is only not served here.
 */
@Injectable()
export class RemovedTracks {
  constructor(private readonly store: ObjectStore) {}

  async has(id: SeparationId, stem: StemName): Promise<boolean> {
    const key = objectKeys.removedTrack(id, stem);
    return (await fromStore((signal) => this.store.head(key, { signal }))) !== undefined;
  }

  /** Removes a track, and tells which are removed now. */
  async add(id: SeparationId, stem: StemName): Promise<StemName[]> {
    await fromStore((signal) => this.store.putText(objectKeys.removedTrack(id, stem), '', { signal }));
    const prefix = objectKeys.removedTracks(id);
    return fromStore(async (signal) => {
      const removed: StemName[] = [];
      for await (const { key } of this.store.list(prefix, { signal })) removed.push(key.slice(prefix.length));
      return removed;
    });
  }

  async clear(id: SeparationId): Promise<void> {
    await fromStore((signal) => this.store.removeAll(objectKeys.removedTracks(id), { signal }));
  }
}
