import { describe, expect, it } from '@jest/globals';
import { withTaskGroup } from './task-group.js';

/** work that ends only when it is aborted */
const endless = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });

describe(withTaskGroup.name, () => {
  const never = new AbortController().signal;

  it('gives what its user makes of the results', async () => {
    const sum = await withTaskGroup(never, async (group) => {
      const later = group.start(() => Promise.resolve(2));
      return 1 + (await later);
    });
    expect(sum).toBe(3);
  });

  it('ends the user and the rest with the first failure, which nobody awaited yet, and waits for them', async () => {
    let ended = false;
    const work = withTaskGroup(never, async (group) => {
      void group.start((signal) => endless(signal).finally(() => (ended = true)));
      void group.start(() => Promise.reject(new Error('disk full')));
      await endless(group.signal);
    });
    await expect(work).rejects.toThrow('disk full');
    expect(ended).toBe(true);
  });

  it('ends what was begun when its user fails, or is ended from outside', async () => {
    let ended = 0;
    const begin = (signal: AbortSignal, use: () => Promise<void>): Promise<void> =>
      withTaskGroup(signal, async (group) => {
        void group.start((either) => endless(either).finally(() => (ended += 1)));
        await use();
      });
    await expect(begin(never, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    const stop = new AbortController();
    const stopped = begin(stop.signal, () => endless(stop.signal));
    stop.abort(new Error('cancelled'));
    await expect(stopped).rejects.toThrow('cancelled');
    expect(ended).toBe(2);
  });
});
