import { describe, expect, it } from '@jest/globals';
import { KeyedMutex } from './keyed-mutex.js';

describe(KeyedMutex.name, () => {
  it('runs work of one key in order, also after a failure, and other keys at once', async () => {
    const sut = new KeyedMutex();
    const order: string[] = [];
    let finish: () => void = () => undefined;
    const first = sut.run('a', () => new Promise<void>((resolve) => (finish = resolve)));
    const failing = sut.run('a', () => Promise.reject(new Error('no')));
    const third = sut.run('a', () => Promise.resolve(order.push('third')));
    await sut.run('b', () => Promise.resolve(order.push('other')));
    expect(order).toEqual(['other']);
    finish();
    await first;
    await expect(failing).rejects.toThrow('no');
    await third;
    expect(order).toEqual(['other', 'third']);
  });
});
