export interface FairLimits {
  /** work at once */
  readonly permits: number;
  /** work at once of one owner */
  readonly share: number;
  /** calls that may wait; default 0 */
  readonly maxWaiting?: number;
  /** calls of one owner that may wait; default 0 */
  readonly waitingShare?: number;
  /** Creates the error for a call that finds its owner's share used up, or everything. */
  readonly refuse: (full: 'share' | 'all') => Error;
}

interface Owner {
  running: number;
  readonly waiting: (() => void)[];
}

/** At most half of a limit for each owner: one alone cannot shut out the others. */
export function shareOf(limit: number): number {
  return Math.max(1, Math.ceil(limit / 2));
}

/** Limits how much work runs at the same time, in all and for each owner. Owners that wait take turns. */
export class FairSemaphore {
  private running = 0;
  private waiting = 0;
  /** who has work; the next in turn first */
  private readonly owners = new Map<string, Owner>();

  constructor(private readonly limits: FairLimits) {}

  get inUse(): number {
    return this.running;
  }

  /** @throws the error of `refuse`, or the signal's reason when it aborts while the call waits */
  async run<T>(owner: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.acquire(owner, signal);
    try {
      return await work();
    } finally {
      this.release(owner);
    }
  }

  private async acquire(name: string, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const { permits, share, maxWaiting = 0, waitingShare = 0, refuse } = this.limits;
    const owner = this.owners.get(name) ?? { running: 0, waiting: [] };
    if (this.running < permits && owner.running < share) {
      this.grant(name, owner);
      return;
    }
    if (owner.waiting.length >= waitingShare) {
      throw refuse(waitingShare === 0 && this.running >= permits ? 'all' : 'share');
    }
    if (this.waiting >= maxWaiting) throw refuse('all');
    this.owners.set(name, owner);
    await new Promise<void>((resolve, reject) => {
      const onGrant = (): void => {
        signal?.removeEventListener('abort', onAbort);
        this.waiting -= 1;
        resolve();
      };
      const onAbort = (): void => {
        owner.waiting.splice(owner.waiting.indexOf(onGrant), 1);
        this.waiting -= 1;
        this.forget(name, owner);
        reject(signal?.reason as Error);
      };
      owner.waiting.push(onGrant);
      this.waiting += 1;
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  private grant(name: string, owner: Owner): void {
    this.running += 1;
    owner.running += 1;
    this.toEnd(name, owner);
  }

  private toEnd(name: string, owner: Owner): void {
    this.owners.delete(name);
    this.owners.set(name, owner);
  }

  private release(name: string): void {
    const owner = this.owners.get(name);
    if (owner === undefined) throw new Error('a permit was released twice');
    this.running -= 1;
    owner.running -= 1;
    this.toEnd(name, owner);
    this.forget(name, owner);
    const next = this.nextInTurn();
    if (next === undefined) return;
    const [nextName, { waiting }] = next;
    const onGrant = waiting.shift();
    this.grant(nextName, next[1]);
    onGrant?.();
  }

  /** Of the owners that wait and have some of their share left, the one with the least at work, then the longest ago. */
  private nextInTurn(): [string, Owner] | undefined {
    const ready = [...this.owners].filter(([, { running, waiting }]) => {
      return waiting.length > 0 && running < this.limits.share;
    });
    return ready.sort(([, a], [, b]) => a.running - b.running)[0];
  }

  private forget(name: string, { running, waiting }: Owner): void {
    if (running === 0 && waiting.length === 0) this.owners.delete(name);
  }
}
