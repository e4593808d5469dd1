import { describe, expect, it } from '@jest/globals';
import { Slots } from './slots.js';

describe(Slots.name, () => {
  const never = new AbortController().signal;

  it('lets in as many as there are places, in the order they came', async () => {
    const sut = new Slots(1);
    const order: string[] = [];
    let leave: () => void = () => undefined;
    const first = sut.use(never, () => new Promise<void>((resolve) => (leave = resolve)));
    await Promise.resolve();
    const others = ['second', 'third'].map((name) => sut.use(never, () => Promise.resolve(order.push(name))));
    expect(order).toEqual([]);
    leave();
    await Promise.all([first, ...others]);
    expect(order).toEqual(['second', 'third']);
  });

  it('forgets who waits no more, and takes back the place of work that failed', async () => {
    const sut = new Slots(1);
    const failed = sut.use(never, () => Promise.reject(new Error('no')));
    const impatient = new AbortController();
    const gone = sut.use(impatient.signal, () => Promise.resolve());
    impatient.abort(new Error('gone'));
    await expect(gone).rejects.toThrow('gone');
    await expect(failed).rejects.toThrow('no');
    await expect(sut.use(never, () => Promise.resolve('in'))).resolves.toBe('in');
  });
});
