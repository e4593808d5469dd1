import { describe, expect, it } from '@jest/globals';
import type { JobChange } from '@app/queue';
import { setImmediate } from 'node:timers/promises';
import { ChangeWaiter } from './change-waiter.js';

const FOREVER_MS = 2 ** 31 - 1;

/** emits what the spec pushes, and never ends */
class ChangeSource implements AsyncIterable<JobChange> {
  taken = 0;
  private readonly queue: JobChange[] = [];
  private more: (() => void) | undefined;

  push(...changes: JobChange[]): void {
    this.queue.push(...changes);
    this.more?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<JobChange> {
    for (;;) {
      const next = this.queue.shift();
      if (next === undefined) await new Promise<void>((resolve) => (this.more = resolve));
      else {
        this.taken += 1;
        yield next;
      }
    }
  }
}

/** turns of the event loop: whatever needs no timer has settled by then */
async function turns(count: number): Promise<'still waiting'> {
  for (let turn = 0; turn < count; turn += 1) await setImmediate();
  return 'still waiting';
}

describe(ChangeWaiter.name, () => {
  const { signal } = new AbortController();

  it('waits for the next change of any kind', async () => {
    const source = new ChangeSource();
    const sut = new ChangeWaiter(source);
    source.push('change');
    await sut.next(FOREVER_MS, signal);
    source.push('end');
    await sut.next(FOREVER_MS, signal);
  });

  it('waits for the end past other changes, within its time limit', async () => {
    const source = new ChangeSource();
    const sut = new ChangeWaiter(source);
    source.push('change', 'change');
    await sut.end(1, signal);
    source.push('change', 'end');
    await sut.end(FOREVER_MS, signal);
    expect(source.taken).toBe(4);
  });

  it('waits for its time limit when the source has ended', async () => {
    const sut = new ChangeWaiter({
      async *[Symbol.asyncIterator]() {
        // nothing
      },
    });
    const ending = new AbortController();
    const waits = [sut.next(FOREVER_MS, ending.signal), sut.end(FOREVER_MS, ending.signal)];
    await expect(Promise.race([...waits, turns(20)])).resolves.toBe('still waiting');
    ending.abort();
    await Promise.allSettled(waits);
    await sut.next(1, signal);
    await sut.end(1, signal);
  });

  it('stops waiting when the signal aborts', async () => {
    const ending = new AbortController();
    const waiting = new ChangeWaiter(new ChangeSource()).end(FOREVER_MS, ending.signal);
    ending.abort();
    await expect(waiting).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  });
});
