import { describe, expect, it } from '@jest/globals';
import { FreshWork } from './fresh-work.js';

describe(FreshWork.name, () => {
  /** what a store would tell */
  let state = 0;
  let starts = 0;
  const read = async (): Promise<number> => {
    starts += 1;
    const found = state;
    await new Promise((resolve) => setImmediate(resolve));
    return found;
  };

  it('shares the next work, and never work that began before a change', async () => {
    const sut = new FreshWork<string, number>();
    [state, starts] = [1, 0];
    const first = sut.run('a', read);
    state = 2;
    const later = Array.from({ length: 5 }, () => sut.run('a', read));
    expect([await first, ...(await Promise.all(later))]).toEqual([1, 2, 2, 2, 2, 2]);
    expect(starts).toBe(2);
    state = 3;
    expect(await sut.run('a', read)).toBe(3);
  });

  it('keeps keys apart', async () => {
    const sut = new FreshWork<string, string>();
    const both = [sut.run('a', () => Promise.resolve('of a')), sut.run('b', () => Promise.resolve('of b'))];
    expect(await Promise.all(both)).toEqual(['of a', 'of b']);
  });

  it('goes on after work that failed', async () => {
    const sut = new FreshWork<string, number>();
    const failed = sut.run('a', () => Promise.reject(new Error('away')));
    const next = sut.run('a', read);
    await expect(failed).rejects.toThrow('away');
    expect(await next).toBe(state);
  });
});
