import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { FreshWork } from '@app/concurrency';
import { isAccepted, SeparationStore, type StoredSeparation } from '@app/separation-store';
import { isSeparationId, type Manifest, type SeparationId } from '@app/separations';
import { fromQueue } from '../problems/outages.js';
import { ProblemError } from '../problems/problem.error.js';
import { LastTold } from './last-told.js';

const REMEMBERED = 1000;

/** how late we notice a change of which no client was told yet, ms */
const REMEMBERED_MS = 1000;

/** a 404 takes a multiple of this: its time must not tell whether another key has the separation, ms */
const EVEN_MS = 100;

interface Remembered {
  /** what had been told last when the read began; once it is told, what was read */
  told: string;
  readonly stored: Promise<StoredSeparation | undefined>;
}

/** What the store holds of a separation, for those who may see it. */
@Injectable()
export class SeparationAccess {
  private readonly recent = new LRUCache<SeparationId, Remembered>({ max: REMEMBERED, ttl: REMEMBERED_MS });

  private readonly reads = new FreshWork<SeparationId, StoredSeparation | undefined>();

  constructor(
    private readonly store: SeparationStore,
    private readonly lastTold: LastTold,
  ) {}

  /**
   * @param owner name of the caller's key; another's separation looks as if it were not there
   * @throws ProblemError separation_not_found, storage_unavailable
   */
  async load(id: string, owner: string | null): Promise<StoredSeparation> {
    const startedAt = performance.now();
    const stored = isSeparationId(id) ? await this.find(id) : undefined;
    if (stored?.request.owner === owner) return stored;
    // the store takes longer to find another's separation than to find none
    await pause(EVEN_MS - ((performance.now() - startedAt) % EVEN_MS));
    throw separationNotFound();
  }

  /**
   * A completed one: nothing is served before the manifest exists.
   * @throws ProblemError separation_not_found, not_completed, storage_unavailable
   */
  async loadCompleted(id: string, owner: string | null): Promise<StoredSeparation & { readonly manifest: Manifest }> {
    const known = await this.load(id, owner);
    // the cached answer may predate its completion
    const { request, manifest } = known.manifest === undefined ? await this.loadFresh(id, owner) : known;
    if (manifest === undefined) throw new ProblemError('not_completed', 'The separation is not completed.');
    return { request, manifest };
  }

  /** As the store has it now, for those who are about to change it. */
  async loadFresh(id: string, owner: string | null): Promise<StoredSeparation> {
    if (isSeparationId(id)) this.forget(id);
    return this.load(id, owner);
  }

  /**
   * Reads it from the store at most once a second, however many ask, unless another server has told a client something
   * else of it. What another server may accept at any moment is not remembered: its client would be told that the song
   * is not there, or is cancelled, right after the 202. While Redis is slow or away, only the store is
   * believed, and callers share reads that begin after they came.
   */
  async find(id: SeparationId): Promise<StoredSeparation | undefined> {
    const told = await this.lastTold.of(id);
    if (told === undefined) return this.reads.run(id, () => this.store.find(id));
    const known = this.recent.get(id);
    if (known?.told === told) return known.stored;
    const reading: Remembered = { told, stored: this.store.find(id).then((stored) => this.tell(id, reading, stored)) };
    this.recent.set(id, reading);
    reading.stored.catch(() => {
      this.drop(id, reading);
    });
    return reading.stored;
  }

  forget(id: SeparationId): void {
    this.recent.delete(id);
  }

  /**
   * Call after a change, before a client is told of it: `LastTold` waits too briefly for a slow Redis.
   * @throws ProblemError queue_unavailable
   */
  async changed(id: SeparationId): Promise<void> {
    this.forget(id);
    await fromQueue(() => this.lastTold.forget(id));
  }

  /** Reads it again if another server has told something else since the read began. */
  private async tell(
    id: SeparationId,
    reading: Remembered,
    stored: StoredSeparation | undefined,
  ): Promise<StoredSeparation | undefined> {
    const now = stored === undefined ? '' : digestOf(stored);
    const outcome = now === reading.told ? 'told' : await this.lastTold.tell(id, reading.told, now);
    if (outcome === 'told' && stored !== undefined && isAccepted(stored)) reading.told = now;
    else this.drop(id, reading);
    return outcome === 'changed' ? this.find(id) : stored;
  }

  private drop(id: SeparationId, reading: Remembered): void {
    if (this.recent.peek(id) === reading) this.recent.delete(id);
  }
}

function digestOf(stored: StoredSeparation): string {
  return createHash('sha256').update(JSON.stringify(stored)).digest('base64url');
}

export function separationNotFound(): ProblemError {
  return new ProblemError('separation_not_found', 'There is no such separation, or it belongs to another key.');
}
