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

  it('returns the result of `use`', async () => {
    const sum = await withTaskGroup(never, async (group) => {
      const later = group.start(() => Promise.resolve(2));
      return 1 + (await later);
    });
    expect(sum).toBe(3);
  });

  it('aborts `use` and the rest on the first failure, even if not awaited, and waits for them', async () => {
    let ended = false;
    const work = withTaskGroup(never, async (group) => {
      void group.start((signal) => endless(signal).finally(() => (ended = true)));
      void group.start(() => Promise.reject(new Error('disk full')));
      await endless(group.signal);
    });
    await expect(work).rejects.toThrow('disk full');
    expect(ended).toBe(true);
  });

  it('aborts started work if `use` fails or the caller aborts', async () => {
    let ended = 0;
    const start = (signal: AbortSignal, use: () => Promise<void>): Promise<void> =>
      withTaskGroup(signal, async (group) => {
        void group.start((either) => endless(either).finally(() => (ended += 1)));
        await use();
      });
    await expect(start(never, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    const stop = new AbortController();
    const stopped = start(stop.signal, () => endless(stop.signal));
    stop.abort(new Error('cancelled'));
    await expect(stopped).rejects.toThrow('cancelled');
    expect(ended).toBe(2);
  });
});
