import { describe, expect, it } from '@jest/globals';
import { RestartBackoff } from './restart-backoff.js';

describe(RestartBackoff.name, () => {
  const crash = { cause: 'crashed', message: '' } as const;

  it('doubles the delay with each crash, up to 30 s, and starts over after a healthy minute', () => {
    const sut = new RestartBackoff();
    const delays = Array.from({ length: 8 }, () => sut.after(crash, 0));
    expect(delays).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    expect(sut.after(crash, 59_999)).toBe(30_000);
    expect(sut.after({ ...crash, cause: 'hung' }, 60_000)).toBe(500);
    expect(sut.after(crash, 0)).toBe(1000);
  });

  it('restarts at once after a requested end, and slowly if the engine cannot run here', () => {
    const sut = new RestartBackoff();
    expect(sut.after({ cause: 'stopped', message: '' }, 0)).toBe(0);
    expect(sut.after({ cause: 'refused', message: '' }, 0)).toBe(30_000);
    expect(sut.after(crash, 0)).toBe(500);
  });
});
