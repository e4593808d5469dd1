/** An endless series of moments for one reader; those that it was too slow for become one. */
export class Wakeup implements AsyncIterableIterator<void> {
  private woken = false;
  private ended = false;
  private waiting: (() => void) | undefined;

  wake(): void {
    this.woken = true;
    this.waiting?.();
  }

  end(): void {
    this.ended = true;
    this.waiting?.();
  }

  async next(): Promise<IteratorResult<void, undefined>> {
    if (!this.woken && !this.ended) {
      await new Promise<void>((resolve) => {
        this.waiting = resolve;
      });
      this.waiting = undefined;
    }
    this.woken = false;
    return this.ended ? { done: true, value: undefined } : { done: false, value: undefined };
  }

  return(): Promise<IteratorResult<void, undefined>> {
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
