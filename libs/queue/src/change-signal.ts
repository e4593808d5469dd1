/** `end` when the job ended, `change` for everything before. */
export type JobChange = 'change' | 'end';

/** An endless series of changes for one reader. Changes that it was too slow for are merged; an `end` is kept. */
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
