import { setTimeout as pause } from 'node:timers/promises';

/** Waits for the next of a row of changes, or for a while: what came in between counts as one. */
export class Changes {
  private readonly source: AsyncIterator<void>;
  private pending: Promise<'change' | 'no more'>;

  /** listens from now on, so that a change before the first `next` is not missed */
  constructor(changes: AsyncIterable<void>) {
    this.source = changes[Symbol.asyncIterator]();
    this.pending = this.listen();
  }

  /** @throws AbortError when the signal aborts */
  async next(longestMs: number, signal: AbortSignal): Promise<void> {
    const settled = new AbortController();
    const timer = pause(longestMs, undefined, { signal: AbortSignal.any([signal, settled.signal]) });
    try {
      const first = await Promise.race([this.pending, timer]);
      if (first === 'change') this.pending = this.listen();
      // a row that ended or failed: the state is looked at all the same, only less often
      if (first === 'no more') await timer;
    } finally {
      settled.abort();
      timer.catch(() => undefined);
    }
  }

  private async listen(): Promise<'change' | 'no more'> {
    try {
      return (await this.source.next()).done === true ? 'no more' : 'change';
    } catch {
      return 'no more';
    }
  }
}
