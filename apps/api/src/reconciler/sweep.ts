import { endingOf, type SeparationStore, type StoredSeparation } from '@app/separation-store';
import { objectKeys, type SeparationId } from '@app/separations';
import type { ObjectStore } from '@app/storage';
import { LONGEST_UPLOAD_MS } from '../uploads/longest-upload.js';
import { sweepUploads, UPLOAD_LIFETIME_MS } from '../uploads/resumable/partial-upload.js';

const HOUR_MS = 3600 * 1000;
/** an upload that is not accepted by then never will be */
const UNACCEPTED_MS = HOUR_MS;

/** a run that stored this and has not committed by then has failed, or will be refused */
const STRAY_MS = HOUR_MS;

/** Removes what nobody will ask for again. */
export class Sweep {
  constructor(
    private readonly separations: SeparationStore,
    private readonly objects: ObjectStore,
    /** 0 keeps everything */
    private readonly retentionHours: number,
  ) {}

  /** Separations that ended before this are removed; undefined where everything is kept. */
  get keptSince(): Date | undefined {
    return this.retentionHours === 0 ? undefined : new Date(Date.now() - this.retentionHours * HOUR_MS);
  }

  /** Removes uploads that were never accepted, and what the store itself left unfinished. */
  async unaccepted(signal: AbortSignal): Promise<void> {
    for await (const { key, modifiedAt } of this.objects.list(objectKeys.stagingPrefix, { signal })) {
      if (key.startsWith(objectKeys.uploadsPrefix)) continue;
      const keptMs = key.startsWith(objectKeys.usedUploadsPrefix) ? UPLOAD_LIFETIME_MS : UNACCEPTED_MS;
      if (Date.now() - modifiedAt.getTime() > keptMs) await this.objects.remove(key, { signal });
    }
    await sweepUploads(this.objects, { signal });
    await this.objects.sweepUnfinished(LONGEST_UPLOAD_MS, { signal });
  }

  /**
   * Removes a folder without a request: its upload died before it was accepted, its removal was interrupted, or someone
   * wrote into it after its removal.
   */
  async withoutRequest(id: SeparationId, signal: AbortSignal): Promise<void> {
    await this.separations.removeOrphan(id, UNACCEPTED_MS, signal);
  }

  /** Removes artefacts of an ended separation that nothing refers to, and returns how many. */
  async strays(id: SeparationId, signal: AbortSignal): Promise<number> {
    return this.separations.removeStrays(id, STRAY_MS, signal);
  }

  /** Removes the separation if it ended before `keptSince`, and tells whether it did. */
  async outdated(stored: StoredSeparation): Promise<boolean> {
    const ending = endingOf(stored);
    if (this.keptSince === undefined || ending === undefined || new Date(ending.at) > this.keptSince) return false;
    await this.separations.remove(stored.request);
    return true;
  }
}
