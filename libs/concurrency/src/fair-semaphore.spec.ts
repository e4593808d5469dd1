import { describe, expect, it } from '@jest/globals';
import { FairSemaphore, shareOf, type FairLimits } from './fair-semaphore.js';

const refuse = (full: string): Error => new Error(full);

describe(FairSemaphore.name, () => {
  function limited(limits: Omit<FairLimits, 'refuse'>): FairSemaphore {
    return new FairSemaphore({ ...limits, refuse });
  }

  /** starts work that lasts until it is told to end */
  function start(sut: FairSemaphore, owner: string): { readonly done: Promise<void>; readonly end: () => void } {
    let end: () => void = () => undefined;
    const work = new Promise<void>((resolve) => (end = resolve));
    return { done: sut.run(owner, () => work), end };
  }

  it('keeps an owner to its share, and leaves the rest to the others', async () => {
    const sut = limited({ permits: 4, share: 2 });
    const works = ['ann', 'ann', 'bob'].map((owner) => start(sut, owner));
    await expect(sut.run('ann', () => Promise.resolve())).rejects.toThrow('share');
    await expect(sut.run('bob', () => Promise.resolve('in'))).resolves.toBe('in');
    works.push(start(sut, 'cem'));
    await expect(sut.run('bob', () => Promise.resolve())).rejects.toThrow('all');
    expect(sut.inUse).toBe(4);
    for (const { end } of works) end();
    await Promise.all(works.map(({ done }) => done));
    expect(sut.inUse).toBe(0);
    await expect(sut.run('ann', () => Promise.resolve('in'))).resolves.toBe('in');
  });

  it('lets owners that wait take turns, whoever came first', async () => {
    const sut = limited({ permits: 1, share: 1, maxWaiting: 10, waitingShare: 4 });
    const first = start(sut, 'ann');
    const order: string[] = [];
    const others = ['ann', 'ann', 'ann', 'bob', 'bob', 'cem'].map((owner) =>
      sut.run(owner, () => Promise.resolve(order.push(owner))),
    );
    first.end();
    await Promise.all([first.done, ...others]);
    expect(order).toEqual(['bob', 'cem', 'ann', 'bob', 'ann', 'ann']);
  });

  it('lets an owner use what nobody else wants', async () => {
    const sut = limited({ permits: 2, share: 2, maxWaiting: 10, waitingShare: 4 });
    const works = [start(sut, 'ann'), start(sut, 'ann')];
    const third = sut.run('ann', () => Promise.resolve('third'));
    works[1]?.end();
    await expect(third).resolves.toBe('third');
    works[0]?.end();
    await Promise.all(works.map(({ done }) => done));
  });

  it('limits how many of an owner wait, and how many in all', async () => {
    const sut = limited({ permits: 1, share: 1, maxWaiting: 2, waitingShare: 1 });
    const first = start(sut, 'ann');
    const waiting = ['ann', 'bob'].map((owner) => sut.run(owner, () => Promise.resolve(owner)));
    await expect(sut.run('ann', () => Promise.resolve())).rejects.toThrow('share');
    await expect(sut.run('cem', () => Promise.resolve())).rejects.toThrow('all');
    first.end();
    expect(await Promise.all(waiting)).toEqual(['ann', 'bob']);
  });

  it('forgets callers that stop waiting, and takes back the permit of failed work', async () => {
    const sut = limited({ permits: 1, share: 1, maxWaiting: 1, waitingShare: 1 });
    const failed = sut.run('ann', () => Promise.reject(new Error('no')));
    const impatient = new AbortController();
    const gone = sut.run('bob', () => Promise.resolve(), impatient.signal);
    impatient.abort(new Error('gone'));
    await expect(gone).rejects.toThrow('gone');
    await expect(failed).rejects.toThrow('no');
    await expect(sut.run('cem', () => Promise.resolve('in'))).resolves.toBe('in');
  });
});

describe(shareOf.name, () => {
  it('is half, and at least one', () => {
    expect([1, 2, 3, 4, 64].map(shareOf)).toEqual([1, 1, 2, 2, 32]);
  });
});
