import type { JobChange } from '@app/queue';
import { setTimeout as pause } from 'node:timers/promises';

/** Waits for the next of a row of changes, or for a while: what came in between counts as one. */
export class Changes {
  private readonly source: AsyncIterator<JobChange>;
  private pending: Promise<JobChange | 'no more'>;

  /** listens from now on, so that a change before the first wait is not missed */
  constructor(changes: AsyncIterable<JobChange>) {
    this.source = changes[Symbol.asyncIterator]();
    this.pending = this.listen();
  }

  /** @throws AbortError when the signal aborts */
  next(longestMs: number, signal: AbortSignal): Promise<void> {
    return this.wait(longestMs, signal, () => true);
  }

  /** The same for the job's end; it takes the changes before it. */
  end(longestMs: number, signal: AbortSignal): Promise<void> {
    return this.wait(longestMs, signal, (change) => change === 'end');
  }

  private async wait(longestMs: number, signal: AbortSignal, isAwaited: (change: JobChange) => boolean): Promise<void> {
    const settled = new AbortController();
    const timer = pause(longestMs, 'over' as const, { signal: AbortSignal.any([signal, settled.signal]) });
    try {
      for (;;) {
        const first = await Promise.race([this.pending, timer]);
        // a row that ended or failed: the state is looked at all the same, only less often
        if (first === 'no more') await timer;
        if (first === 'no more' || first === 'over') return;
        this.pending = this.listen();
        if (isAwaited(first)) return;
      }
    } finally {
      settled.abort();
      timer.catch(() => undefined);
    }
  }

  private async listen(): Promise<JobChange | 'no more'> {
    try {
      const next = await this.source.next();
      return next.done === true ? 'no more' : next.value;
    } catch {
      return 'no more';
    }
  }
}
