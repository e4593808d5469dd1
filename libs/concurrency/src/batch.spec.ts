import { describe, expect, it } from '@jest/globals';
import { Batch } from './batch.js';

describe(Batch.name, () => {
  function setUp(): { sut: Batch<number, string>; asked: (readonly number[])[] } {
    const asked: (readonly number[])[] = [];
    const ask = (keys: readonly number[]): Promise<Map<number, string>> => {
      asked.push(keys);
      return Promise.resolve(new Map(keys.filter((key) => key !== 0).map((key) => [key, `answer ${key}`])));
    };
    return { sut: new Batch(ask), asked };
  }

  it('asks once for all keys of one turn, and again in the next', async () => {
    const { sut, asked } = setUp();
    const answers = await Promise.all([sut.get(0), sut.get(1), sut.get(1)]);
    expect(answers).toEqual([undefined, 'answer 1', 'answer 1']);
    expect(await sut.get(2)).toBe('answer 2');
    expect(asked).toEqual([[0, 1], [2]]);
  });

  it('never asks for more than a hundred at once', async () => {
    const { sut, asked } = setUp();
    await Promise.all(Array.from({ length: 250 }, (_, at) => sut.get(at)));
    expect(asked.map(({ length }) => length)).toEqual([100, 100, 50]);
  });

  it('fails all callers of a question, and no later one', async () => {
    let isAway = true;
    const sut = new Batch<number, string>(() =>
      isAway ? Promise.reject(new Error('away')) : Promise.resolve(new Map([[1, 'back']])),
    );
    const answers = await Promise.allSettled([sut.get(1), sut.get(2)]);
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    isAway = false;
    expect(await sut.get(1)).toBe('back');
  });
});
