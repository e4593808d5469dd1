import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { withTimeout } from './with-timeout.js';

/** ignores its signal */
const endless = (): Promise<never> => new Promise(() => undefined);

describe(withTimeout.name, () => {
  it('passes on the result, and an error of the call', async () => {
    expect(await withTimeout(60_000, () => Promise.resolve(1))).toBe(1);
    await expect(withTimeout(60_000, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  });

  it('throws after the time limit even if the call ignores its signal', async () => {
    await expect(withTimeout(1, endless)).rejects.toThrow('no answer within 1 ms');
    const onTimeout = (): Error => new Error('late');
    await expect(withTimeout(1, endless, { onTimeout })).rejects.toThrow('late');
  });

  it('aborts the call with the reason, and throws that reason rather than what the call makes of it', async () => {
    let reason: unknown;
    const obedient = (signal: AbortSignal): Promise<never> =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reason = signal.reason;
          reject(new Error('its own'));
        });
      });
    const late = new Error('late');
    await expect(withTimeout(1, obedient, { onTimeout: () => late })).rejects.toBe(late);
    expect(reason).toBe(late);
  });

  it('ends with the signal, before and during the call', async () => {
    const gone = new AbortController();
    const waiting = withTimeout(60_000, endless, { signal: gone.signal });
    gone.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    let isCalled = false;
    const never = withTimeout(60_000, () => Promise.resolve((isCalled = true)), { signal: gone.signal });
    await expect(never).rejects.toThrow('gone');
    expect(isCalled).toBe(false);
  });

  it('leaves no listener behind, which would keep the combined signal alive', async () => {
    const { signal } = new AbortController();
    let combined = signal;
    await withTimeout(60_000, (given) => Promise.resolve((combined = given)), { signal });
    expect(combined).not.toBe(signal);
    expect(getEventListeners(combined, 'abort')).toEqual([]);
  });
});
