import { describe, expect, it } from '@jest/globals';
import { RestartDelay } from './restart-delay.js';

describe(RestartDelay.name, () => {
  const crash = { cause: 'crashed', message: '' } as const;

  it('waits longer after each crash, up to half a minute, and starts over after a healthy life', () => {
    const sut = new RestartDelay();
    const delays = Array.from({ length: 8 }, () => sut.after(crash, 0));
    expect(delays).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    expect(sut.after(crash, 120_000)).toBe(500);
  });

  it('starts again at once after a wanted end, and slowly where the engine cannot work', () => {
    const sut = new RestartDelay();
    expect(sut.after({ cause: 'stopped', message: '' }, 0)).toBe(0);
    expect(sut.after({ cause: 'refused', message: '' }, 0)).toBe(30_000);
  });
});
