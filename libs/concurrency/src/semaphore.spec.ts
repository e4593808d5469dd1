import { describe, expect, it } from '@jest/globals';
import { Semaphore } from './semaphore.js';

describe(Semaphore.name, () => {
  it('grants its permits in order', async () => {
    const sut = new Semaphore(1);
    const order: string[] = [];
    let leave: () => void = () => undefined;
    const first = sut.run(() => new Promise<void>((resolve) => (leave = resolve)));
    await Promise.resolve();
    const others = ['second', 'third'].map((name) => sut.run(() => Promise.resolve(order.push(name))));
    expect(order).toEqual([]);
    leave();
    await Promise.all([first, ...others]);
    expect(order).toEqual(['second', 'third']);
  });

  it('forgets callers that stop waiting, and takes back the permit of failed work', async () => {
    const sut = new Semaphore(1);
    const failed = sut.run(() => Promise.reject(new Error('no')));
    const impatient = new AbortController();
    const gone = sut.run(() => Promise.resolve(), impatient.signal);
    impatient.abort(new Error('gone'));
    await expect(gone).rejects.toThrow('gone');
    await expect(failed).rejects.toThrow('no');
    await expect(sut.run(() => Promise.resolve('in'))).resolves.toBe('in');
  });

  it('refuses a call that finds the queue full', async () => {
    const sut = new Semaphore(1, { maxWaiting: 1, refuse: () => new Error('full') });
    let leave: () => void = () => undefined;
    const first = sut.run(() => new Promise<void>((resolve) => (leave = resolve)));
    const second = sut.run(() => Promise.resolve('second'));
    await expect(sut.run(() => Promise.resolve())).rejects.toThrow('full');
    expect(sut.inUse).toBe(1);
    leave();
    await first;
    expect(await second).toBe('second');
    expect(sut.inUse).toBe(0);
  });
});
