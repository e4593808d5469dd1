import { describe, expect, it } from '@jest/globals';
import { mapLimited } from './map-limited.js';

const never = new AbortController().signal;

/** work that ends only when it is aborted */
const endless = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });

describe(mapLimited.name, () => {
  it('keeps the limit and returns the results in order', async () => {
    let running = 0;
    let most = 0;
    const results = await mapLimited([3, 1, 2, 5], 2, never, async (item) => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running -= 1;
      return item * 10;
    });
    expect([results, most]).toEqual([[30, 10, 20, 50], 2]);
  });

  it('aborts the rest after a failure, and throws when all have ended', async () => {
    let ended = false;
    const failing = mapLimited(['endless', 'failing', 'never started'], 2, never, async (item, signal) => {
      if (item === 'failing') throw new Error('no');
      expect(item).toBe('endless');
      await endless(signal).finally(() => (ended = true));
    });
    await expect(failing).rejects.toThrow('no');
    expect(ended).toBe(true);
  });
});
