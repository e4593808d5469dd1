import type { SeparationId } from '@app/separations';
import { endingOf, type Ended, type StoredSeparation } from './ending.js';

type RemovalListener = (id: SeparationId, owner: string | null) => Promise<void>;

/** Who hears of what this process does to separations. */
export class StoreListeners {
  private readonly ofEndings: ((ended: Ended) => void)[] = [];
  private readonly ofRemovals: RemovalListener[] = [];

  /**
   * Calls the listener after this process has written that a separation ended, at most once for each ending: a process
   * that dies in between tells nobody. The listener must not throw.
   */
  onEnded(listener: (ended: Ended) => void): void {
    this.ofEndings.push(listener);
  }

  /** Calls the listener before a separation is removed, for what lies elsewhere. If it throws, nothing is removed. */
  beforeRemoval(listener: RemovalListener): void {
    this.ofRemovals.push(listener);
  }

  tellEnd(stored: StoredSeparation): void {
    const ending = endingOf(stored);
    if (ending !== undefined) for (const listener of this.ofEndings) listener({ request: stored.request, ending });
  }

  async tellRemoval(...removed: Parameters<RemovalListener>): Promise<void> {
    for (const listener of this.ofRemovals) await listener(...removed);
  }
}
