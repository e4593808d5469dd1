export interface SemaphoreQueue {
  /** calls that may wait for a permit */
  readonly maxWaiting: number;
  /** Creates the error for a call that finds the queue full. */
  readonly refuse: () => Error;
}

/** Limits how much work runs at the same time. Waiting calls get their permits in order. */
export class Semaphore {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  /** @param queue without it, any number of calls may wait */
  constructor(
    private readonly permits: number,
    private readonly queue?: SemaphoreQueue,
  ) {}

  get inUse(): number {
    return this.running;
  }

  /** @throws the signal's reason when it aborts while the call waits */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.acquire(signal);
    try {
      return await work();
    } finally {
      this.release();
    }
  }

  private async acquire(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.running < this.permits) {
      this.running += 1;
      return;
    }
    if (this.queue !== undefined && this.waiting.length >= this.queue.maxWaiting) throw this.queue.refuse();
    await new Promise<void>((resolve, reject) => {
      const onGrant = (): void => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = (): void => {
        this.waiting.splice(this.waiting.indexOf(onGrant), 1);
        reject(signal?.reason as Error);
      };
      this.waiting.push(onGrant);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** The permit goes straight to the next call in the queue, so nobody overtakes. */
  private release(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.running -= 1;
    else next();
  }
}
