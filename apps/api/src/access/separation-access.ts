import { Injectable } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { isAccepted, SeparationStore, type StoredSeparation } from '@app/separation-store';
import { isSeparationId, type SeparationId } from '@app/separations';
import { ProblemError } from '../problems/problem.error.js';

const REMEMBERED = 1000;

/** how long another process may have changed what we still remember, ms */
const REMEMBERED_MS = 1000;

/** a 404 takes a multiple of this: its time must not tell whether another key has the separation, ms */
const EVEN_MS = 100;

/** What the store holds of a separation, for those who may see it. */
@Injectable()
export class SeparationAccess {
  private readonly recent = new LRUCache<SeparationId, Promise<StoredSeparation | undefined>>({
    max: REMEMBERED,
    ttl: REMEMBERED_MS,
  });

  constructor(private readonly store: SeparationStore) {}

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

  /** As the store has it now, for those who are about to change it. */
  async loadFresh(id: string, owner: string | null): Promise<StoredSeparation> {
    if (isSeparationId(id)) this.forget(id);
    return this.load(id, owner);
  }

  /**
   * Reads it from the store at most once a second, however many ask. What another server may accept at any moment is
   * not remembered: its client would be told that the song is not there, or is cancelled, right after the 202.
   */
  find(id: SeparationId): Promise<StoredSeparation | undefined> {
    const remembered = this.recent.get(id);
    if (remembered !== undefined) return remembered;
    const read = this.store.find(id);
    this.recent.set(id, read);
    const forget = (): void => {
      if (this.recent.peek(id) === read) this.recent.delete(id);
    };
    read.then((stored) => {
      if (stored === undefined || !isAccepted(stored)) forget();
    }, forget);
    return read;
  }

  forget(id: SeparationId): void {
    this.recent.delete(id);
  }
}

export function separationNotFound(): ProblemError {
  return new ProblemError('separation_not_found', 'There is no such separation, or it belongs to another key.');
}
