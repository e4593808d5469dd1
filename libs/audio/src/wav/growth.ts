/**
 * How far files that are written side by side have got. The writer tells; readers wait for more, without looking at
 * the files, and stop waiting by their signal.
 */
export class Growth {
  /** resolves when the last sample is final */
  readonly whole: Promise<void>;
  private readonly waiting = new Set<() => void>();
  private written = 0;
  private finish = (): void => undefined;

  /** @param total samples of one channel that every file will have, 1 or more */
  constructor(readonly total: number) {
    this.whole = new Promise((resolve) => {
      this.finish = resolve;
    });
  }

  /** @param samples of one channel that are final in every file; fewer than before change nothing */
  advanceTo(samples: number): void {
    if (samples <= this.written) return;
    this.written = samples;
    if (samples >= this.total) this.finish();
    for (const wake of [...this.waiting]) wake();
  }

  /** Gives the final samples, once there are more than `samples`. @throws the signal's reason */
  async beyond(samples: number, signal: AbortSignal): Promise<number> {
    signal.throwIfAborted();
    if (this.written <= samples) await this.nextMove(samples, signal);
    return this.written;
  }

  private nextMove(samples: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (this.written <= samples && !signal.aborted) return;
        this.waiting.delete(look);
        signal.removeEventListener('abort', look);
        if (signal.aborted) reject(signal.reason as Error);
        else resolve();
      };
      this.waiting.add(look);
      signal.addEventListener('abort', look);
    });
  }
}
