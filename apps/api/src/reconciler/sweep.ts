import type { SeparationIndex } from '@app/separation-store';
import { objectKeys, type SeparationId } from '@app/separations';
import type { ObjectStore } from '@app/storage';
import { LONGEST_UPLOAD_MS } from '../uploads/longest-upload.js';
import { endOf, type Stored } from './reconcile.js';

const HOUR_MS = 3600 * 1000;
/** what is not accepted after so long never will be */
const UNACCEPTED_MS = HOUR_MS;

/** Takes away what nobody will ask for any more. */
export class Sweep {
  constructor(
    private readonly store: ObjectStore,
    private readonly index: SeparationIndex,
    /** 0 keeps for ever */
    private readonly retentionHours: number,
  ) {}

  /** What ended before this is removed; undefined where everything is kept for ever. */
  get keptSince(): Date | undefined {
    return this.retentionHours === 0 ? undefined : new Date(Date.now() - this.retentionHours * HOUR_MS);
  }

  /** Uploads that were never accepted, and what the store itself left unfinished. */
  async unaccepted(signal: AbortSignal): Promise<void> {
    for await (const { key, modifiedAt } of this.store.list(objectKeys.stagingPrefix, { signal })) {
      if (age(modifiedAt) > UNACCEPTED_MS) await this.store.remove(key, { signal });
    }
    await this.store.sweepUnfinished(LONGEST_UPLOAD_MS, { signal });
  }

  /** A folder without a request: its upload died before it was accepted. */
  async withoutRequest(id: SeparationId, signal: AbortSignal): Promise<void> {
    for await (const { modifiedAt } of this.store.list(objectKeys.separation(id), { signal })) {
      if (age(modifiedAt) <= UNACCEPTED_MS) return;
    }
    await this.store.removeAll(objectKeys.separation(id), { signal });
  }

  /** Whether the separation ended longer ago than separations are kept, and is gone now. */
  async outdated(stored: Stored, signal: AbortSignal): Promise<boolean> {
    const { request } = stored;
    const endedAt = endOf(stored);
    if (this.keptSince === undefined || endedAt === undefined || endedAt > this.keptSince) return false;
    // first what makes it visible, so that nothing half-removed is served; the request last, so that a rest is found
    await this.index.remove(request.owner, request.id);
    await this.store.remove(objectKeys.manifest(request.id), { signal });
    await this.store.removeAll(objectKeys.separation(request.id), { signal });
    return true;
  }
}

function age(date: Date): number {
  return Date.now() - date.getTime();
}
