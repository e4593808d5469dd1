import { describe, expect, it } from '@jest/globals';
import { SharedWork } from './shared-work.js';

/** work that a spec ends, and that notes how often it was started and why it was stopped */
class Work {
  starts = 0;
  stoppedBy: unknown;
  finish: (result: string) => void = () => undefined;

  readonly run = (signal: AbortSignal): Promise<string> => {
    this.starts += 1;
    signal.addEventListener('abort', () => {
      this.stoppedBy = signal.reason;
    });
    return new Promise((resolve) => {
      this.finish = resolve;
    });
  };
}

describe(SharedWork.name, () => {
  const stay = new AbortController().signal;

  it('does the work once for all who ask meanwhile, and again for the next', async () => {
    const [sut, work] = [new SharedWork<string>(), new Work()];
    const both = Promise.all([sut.run('a', work.run, stay), sut.run('a', work.run, stay)]);
    work.finish('done');
    expect(await both).toEqual(['done', 'done']);
    expect(work.starts).toBe(1);
    void sut.run('a', work.run, stay);
    expect(work.starts).toBe(2);
  });

  it('goes on while anyone waits, and stops when the last waiter leaves', async () => {
    const [sut, work] = [new SharedWork<string>(), new Work()];
    const [first, second] = [new AbortController(), new AbortController()];
    const waits = [first, second].map(({ signal }) => sut.run('a', work.run, signal));
    first.abort(new Error('first left'));
    await expect(waits[0]).rejects.toThrow('first left');
    expect(work.stoppedBy).toBeUndefined();
    const last = new Error('second left');
    second.abort(last);
    await expect(waits[1]).rejects.toBe(last);
    expect(work.stoppedBy).toBe(last);
    void sut.run('a', work.run, stay);
    expect(work.starts).toBe(2);
  });

  it('starts nothing for a caller who has left, and stops everything at the end', async () => {
    const [sut, work] = [new SharedWork<string>(), new Work()];
    await expect(sut.run('a', work.run, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
    expect(work.starts).toBe(0);
    void sut.run('a', work.run, stay);
    const ending = new Error('ending');
    sut.stopAll(ending);
    expect(work.stoppedBy).toBe(ending);
  });
});
