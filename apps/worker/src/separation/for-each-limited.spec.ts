import { describe, expect, it } from '@jest/globals';
import { forEachLimited } from './for-each-limited.js';
import { together } from './together.js';

const never = new AbortController().signal;

/** work that ends only when it is aborted */
const endless = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });

describe(forEachLimited.name, () => {
  it('keeps to the limit and gives the results in order', async () => {
    let running = 0;
    let most = 0;
    const results = await forEachLimited([3, 1, 2, 5], 2, never, async (item) => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running -= 1;
      return item * 10;
    });
    expect([results, most]).toEqual([[30, 10, 20, 50], 2]);
  });

  it('aborts the rest when one fails, and throws when all have ended', async () => {
    let ended = false;
    const failing = forEachLimited(['endless', 'failing', 'never begun'], 2, never, async (item, signal) => {
      if (item === 'failing') throw new Error('no');
      expect(item).toBe('endless');
      await endless(signal).finally(() => (ended = true));
    });
    await expect(failing).rejects.toThrow('no');
    expect(ended).toBe(true);
  });
});

describe(together.name, () => {
  it('gives both results', async () => {
    expect(
      await together(
        never,
        () => Promise.resolve(1),
        () => Promise.resolve('b'),
      ),
    ).toEqual([1, 'b']);
  });

  it('aborts one when the other fails, and is ended by the signal', async () => {
    await expect(together(never, endless, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    const stop = new AbortController();
    const both = together(stop.signal, endless, endless);
    stop.abort(new Error('cancelled'));
    await expect(both).rejects.toThrow('cancelled');
  });
});
