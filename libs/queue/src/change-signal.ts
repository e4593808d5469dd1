/** `end` is the job's end, `change` everything before it. */
export type JobChange = 'change' | 'end';

/** An endless series of moments for one reader; those that it was too slow for become one, an `end` if there was one. */
export class ChangeSignal implements AsyncIterableIterator<JobChange> {
  private latest: JobChange | undefined;
  private ended = false;
  private waiting: (() => void) | undefined;

  wake(change: JobChange): void {
    if (this.latest !== 'end') this.latest = change;
    this.waiting?.();
  }

  end(): void {
    this.ended = true;
    this.waiting?.();
  }

  async next(): Promise<IteratorResult<JobChange, undefined>> {
    if (this.latest === undefined && !this.ended) {
      await new Promise<void>((resolve) => {
        this.waiting = resolve;
      });
      this.waiting = undefined;
    }
    const value = this.latest ?? 'change';
    this.latest = undefined;
    return this.ended ? { done: true, value: undefined } : { done: false, value };
  }

  return(): Promise<IteratorResult<JobChange, undefined>> {
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
