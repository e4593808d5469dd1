import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { ApiKeys } from './api-keys.js';

const digest = (key: string): string => createHash('sha256').update(key).digest('hex');

describe(ApiKeys.name, () => {
  it('finds each key by its text, in any line', () => {
    const sut = ApiKeys.parse(
      `# people\r\n\r\nann:${digest('key-a')}\r\n  b.o_b-2:${digest('key-b').toUpperCase()}  \r\n`,
    );
    expect(sut.nameOf('key-a')).toBe('ann');
    expect(sut.nameOf('key-b')).toBe('b.o_b-2');
    expect(sut.nameOf('key-c')).toBeUndefined();
    expect(sut.nameOf('')).toBeUndefined();
  });

  it.each([
    ['a plain key', 'ann:secret'],
    ['a short digest', `ann:${digest('a').slice(1)}`],
    ['a long digest', `ann:${digest('a')}0`],
    ['an empty name', `:${digest('a')}`],
    ['a name of ours that we do not know', `@ann:${digest('a')}`],
    ['a name of 65 letters', `${'x'.repeat(65)}:${digest('a')}`],
    ['a name with a space', `an n:${digest('a')}`],
    ['two keys in a line', `ann:${digest('a')} bob:${digest('b')}`],
  ])('names the line of %s and not its text, and takes the others', (_, line) => {
    const sut = ApiKeys.parse(`ann:${digest('key-a')}\n\n${line}\nbob:${digest('key-b')}\n`);
    expect(sut.problem).toBe('API_KEYS_FILE: line 3 is not of the form name:sha256hex');
    expect([sut.count, sut.nameOf('key-a'), sut.nameOf('key-b')]).toEqual([2, 'ann', 'bob']);
  });

  it('counts wrong lines', () => {
    expect(ApiKeys.parse('a\nb\n\nc\n').problem).toMatch(/line 1 is not .*, nor are 2 others$/);
  });

  it('accepts a name of 64 letters', () => {
    const name = 'x'.repeat(64);
    expect(ApiKeys.parse(`${name}:${digest('a')}`).nameOf('a')).toBe(name);
  });

  it.each(['', '\n', '# nothing\n'])('finds no key in %j, which is in order', (text) => {
    const sut = ApiKeys.parse(text);
    expect([sut.count, sut.problem, sut.nameOf(''), sut.nameOf('a')]).toEqual([0, undefined, undefined, undefined]);
  });
});
