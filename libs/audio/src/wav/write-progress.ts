/** How far a set of growing files is written. Readers wait for more samples without polling the files. */
export class WriteProgress {
  /** resolves when the last sample is final */
  readonly complete: Promise<void>;
  private readonly waiting = new Set<() => void>();
  private written = 0;
  private finish = (): void => undefined;

  /** @param total final length of every file in samples per channel, 1 or more */
  constructor(readonly total: number) {
    this.complete = new Promise((resolve) => {
      this.finish = resolve;
    });
  }

  get isComplete(): boolean {
    return this.written >= this.total;
  }

  /** @param samples per channel that are final in every file; a smaller number than before changes nothing */
  advanceTo(samples: number): void {
    if (samples <= this.written) return;
    this.written = samples;
    if (samples >= this.total) this.finish();
    for (const wake of [...this.waiting]) wake();
  }

  /** Waits until more than `samples` are final, and returns how many. @throws the signal's reason */
  async waitBeyond(samples: number, signal: AbortSignal): Promise<number> {
    signal.throwIfAborted();
    if (this.written <= samples) await this.nextAdvance(samples, signal);
    return this.written;
  }

  private nextAdvance(samples: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (this.written <= samples && !signal.aborted) return;
        this.waiting.delete(check);
        signal.removeEventListener('abort', check);
        if (signal.aborted) reject(signal.reason as Error);
        else resolve();
      };
      this.waiting.add(check);
      signal.addEventListener('abort', check);
    });
  }
}
