import { describe, expect, it } from '@jest/globals';
import type { JobChange } from '@app/queue';
import { setImmediate } from 'node:timers/promises';
import { Changes } from './changes.js';

const FOR_EVER_MS = 2 ** 31 - 1;

/** a row that is told what comes next, and never ends by itself */
class Row implements AsyncIterable<JobChange> {
  taken = 0;
  private readonly told: JobChange[] = [];
  private more: (() => void) | undefined;

  tell(...changes: JobChange[]): void {
    this.told.push(...changes);
    this.more?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<JobChange> {
    for (;;) {
      const next = this.told.shift();
      if (next === undefined) await new Promise<void>((resolve) => (this.more = resolve));
      else {
        this.taken += 1;
        yield next;
      }
    }
  }
}

/** of the event loop: what needs no timer is over by then */
async function turns(count: number): Promise<'still waiting'> {
  for (let turn = 0; turn < count; turn += 1) await setImmediate();
  return 'still waiting';
}

describe(Changes.name, () => {
  const { signal } = new AbortController();

  it('waits for the next change of any kind', async () => {
    const row = new Row();
    const sut = new Changes(row);
    row.tell('change');
    await sut.next(FOR_EVER_MS, signal);
    row.tell('end');
    await sut.next(FOR_EVER_MS, signal);
  });

  it('waits for the end past other changes, and not for longer than it shall', async () => {
    const row = new Row();
    const sut = new Changes(row);
    row.tell('change', 'change');
    await sut.end(1, signal);
    row.tell('change', 'end');
    await sut.end(FOR_EVER_MS, signal);
    expect(row.taken).toBe(4);
  });

  it('lets the while pass where there is no more to come', async () => {
    const sut = new Changes({
      async *[Symbol.asyncIterator]() {
        // nothing
      },
    });
    const ending = new AbortController();
    const waits = [sut.next(FOR_EVER_MS, ending.signal), sut.end(FOR_EVER_MS, ending.signal)];
    await expect(Promise.race([...waits, turns(20)])).resolves.toBe('still waiting');
    ending.abort();
    await Promise.allSettled(waits);
    await sut.next(1, signal);
    await sut.end(1, signal);
  });

  it('ends its wait when the signal aborts', async () => {
    const ending = new AbortController();
    const waiting = new Changes(new Row()).end(FOR_EVER_MS, ending.signal);
    ending.abort();
    await expect(waiting).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  });
});
