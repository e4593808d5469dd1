import type { JobChange } from '@app/queue';
import { setTimeout as pause } from 'node:timers/promises';

/** Waits for the next change of a job, with a time limit. Changes between two waits count as one. */
export class ChangeWaiter {
  private readonly source: AsyncIterator<JobChange>;
  private pending: Promise<JobChange | 'ended'>;

  /** Starts to listen: a change before the first wait is not missed. */
  constructor(changes: AsyncIterable<JobChange>) {
    this.source = changes[Symbol.asyncIterator]();
    this.pending = this.listen();
  }

  /** Waits for any change. @throws AbortError when the signal aborts */
  next(maxMs: number, signal: AbortSignal): Promise<void> {
    return this.wait(maxMs, signal, () => true);
  }

  /** Waits for the end of the job, past its other changes. @throws AbortError when the signal aborts */
  end(maxMs: number, signal: AbortSignal): Promise<void> {
    return this.wait(maxMs, signal, (change) => change === 'end');
  }

  private async wait(maxMs: number, signal: AbortSignal, matches: (change: JobChange) => boolean): Promise<void> {
    const settled = new AbortController();
    const timer = pause(maxMs, 'timeout' as const, { signal: AbortSignal.any([signal, settled.signal]) });
    try {
      for (;;) {
        const first = await Promise.race([this.pending, timer]);
        // without events the caller still polls, at the end of each wait
        if (first === 'ended') await timer;
        if (first === 'ended' || first === 'timeout') return;
        this.pending = this.listen();
        if (matches(first)) return;
      }
    } finally {
      settled.abort();
      timer.catch(() => undefined);
    }
  }

  private async listen(): Promise<JobChange | 'ended'> {
    try {
      const next = await this.source.next();
      return next.done === true ? 'ended' : next.value;
    } catch {
      return 'ended';
    }
  }
}
