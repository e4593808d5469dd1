import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ApiError, ConnectionError } from '../errors.js';
import { Perseverance } from './perseverance.js';

const HOUR_MS = 3_600_000;

describe(Perseverance.name, () => {
  const away = new ConnectionError('No server answers.');

  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  /** seconds until it gives up */
  async function endures(sut: Perseverance, error: Error): Promise<number> {
    const began = Date.now();
    for (;;) {
      const outcome = sut.endure(error, undefined).then(
        () => true,
        () => false,
      );
      await jest.advanceTimersToNextTimerAsync();
      if (!(await outcome)) return (Date.now() - began) / 1000;
    }
  }

  it('tries for a minute while no server answers, and for ten while one is busy', async () => {
    expect(await endures(new Perseverance(), away)).toBe(60);
    expect(await endures(new Perseverance(), new ApiError('busy', 503, ''))).toBe(600);
    expect(await endures(new Perseverance({ away: 0, busy: 5000 }), away)).toBe(0);
  });

  it('gives up at once where another attempt is in vain', async () => {
    expect(await endures(new Perseverance(), new ApiError('file_too_large', 413, ''))).toBe(0);
    expect(await endures(new Perseverance(), new Error('unreadable'))).toBe(0);
  });

  it('starts over once something has arrived', async () => {
    const sut = new Perseverance();
    await endures(sut, away);
    sut.renew();
    expect(await endures(sut, away)).toBe(60);
  });

  it('still tries on a device that slept', async () => {
    const sut = new Perseverance();
    const slept = sut.endure(away, undefined);
    jest.setSystemTime(Date.now() + HOUR_MS);
    await jest.advanceTimersToNextTimerAsync();
    await slept;
    expect(await endures(sut, away)).toBeGreaterThanOrEqual(29);
  });

  it('waits as long as a server wants, within its own limit', async () => {
    const sut = new Perseverance({ away: 0, busy: 5000 });
    const waited = sut.endure(new ApiError('rate_limited', 429, '', { retryAfterMs: HOUR_MS }), undefined);
    const began = Date.now();
    await jest.advanceTimersToNextTimerAsync();
    await waited;
    expect(Date.now() - began).toBe(5000);
  });
});
