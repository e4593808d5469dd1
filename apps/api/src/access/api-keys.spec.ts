import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { ApiKeys } from './api-keys.js';

const digest = (key: string): string => createHash('sha256').update(key).digest('hex');
const nameIn = (keys: ApiKeys, key: string): string | undefined => keys.find(key)?.name;

describe(ApiKeys.name, () => {
  it('finds each key by its text, in any line', () => {
    const sut = ApiKeys.parse(
      `# people\r\n\r\nann:${digest('key-a')}\r\n  b.o_b-2:${digest('key-b').toUpperCase()}  \r\n`,
    );
    expect(nameIn(sut, 'key-a')).toBe('ann');
    expect(nameIn(sut, 'key-b')).toBe('b.o_b-2');
    expect(nameIn(sut, 'key-c')).toBeUndefined();
    expect(nameIn(sut, '')).toBeUndefined();
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
    ['a scope that we do not know', `ann:${digest('a')} scopes=read,write`],
    ['no scope', `ann:${digest('a')} scopes=`],
    ['an option that we do not know', `ann:${digest('a')} scope=read`],
    ['weight 0', `ann:${digest('a')} weight=0`],
    ['weight 11', `ann:${digest('a')} weight=11`],
    ['half a weight', `ann:${digest('a')} weight=1.5`],
    ['a month that does not exist', `ann:${digest('a')} expires=2027-13-01`],
    ['a day that does not exist', `ann:${digest('a')} expires=2027-02-31`],
    ['a time of such a day', `ann:${digest('a')} expires=2027-02-31T18:00Z`],
    ['a time in no zone', `ann:${digest('a')} expires=2027-01-01T00:00`],
    ['a word', `ann:${digest('a')} forever`],
  ])('names the line of %s and not its text, and takes the others', (_, line) => {
    const sut = ApiKeys.parse(`ann:${digest('key-a')}\n\n${line}\nbob:${digest('key-b')}\n`);
    expect(sut.problem).toBe('API_KEYS_FILE: line 3 is not of the form name:sha256hex [options]');
    expect([sut.count, nameIn(sut, 'key-a'), nameIn(sut, 'key-b')]).toEqual([2, 'ann', 'bob']);
  });

  it('reads what a key may do, how much, and until when', () => {
    const options = ' scopes=read,separate \t weight=3 expires=2027-01-31';
    const sut = ApiKeys.parse(`ann:${digest('a')}\nbob:${digest('b')}${options}\n`);
    expect(sut.find('a')).toEqual({ name: 'ann', scopes: ['read', 'separate', 'delete'], weight: 1 });
    const expiresAt = Date.UTC(2027, 1, 1);
    expect(sut.find('b')).toEqual({ name: 'bob', scopes: ['read', 'separate'], weight: 3, expiresAt });
  });

  it('counts and weighs only keys that have not expired', () => {
    const lines = [
      `ann:${digest('a')} weight=9 expires=2020-01-01`,
      `ann:${digest('b')} weight=2`,
      `ann:${digest('c')}`,
    ];
    const sut = ApiKeys.parse(lines.join('\n'));
    expect([sut.count, sut.weightOf('ann'), sut.weightOf('bob')]).toEqual([2, 2, 1]);
  });

  it('counts wrong lines', () => {
    expect(ApiKeys.parse('a\nb\n\nc\n').problem).toMatch(/line 1 is not .*, nor are 2 others$/);
  });

  it('accepts a name of 64 letters', () => {
    const name = 'x'.repeat(64);
    expect(ApiKeys.parse(`${name}:${digest('a')}`).find('a')?.name).toBe(name);
  });

  it.each(['', '\n', '# nothing\n'])('finds no key in %j, which is in order', (text) => {
    const sut = ApiKeys.parse(text);
    expect([sut.count, sut.problem, nameIn(sut, ''), nameIn(sut, 'a')]).toEqual([0, undefined, undefined, undefined]);
  });
});
