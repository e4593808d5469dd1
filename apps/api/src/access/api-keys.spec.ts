import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { ApiKeys, ApiKeysError } from './api-keys.js';

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
    ['a name of 65 letters', `${'x'.repeat(65)}:${digest('a')}`],
    ['a name with a space', `an n:${digest('a')}`],
    ['two keys in a line', `ann:${digest('a')} bob:${digest('b')}`],
  ])('names the line of %s, and not its text', (_, line) => {
    const parse = (): ApiKeys => ApiKeys.parse(`# people\n\n${line}\n`);
    expect(parse).toThrow(ApiKeysError);
    expect(parse).toThrow(/^API_KEYS_FILE cannot be used: line 3 is not of the form name:sha256hex$/);
  });

  it('accepts a name of 64 letters', () => {
    const name = 'x'.repeat(64);
    expect(ApiKeys.parse(`${name}:${digest('a')}`).nameOf('a')).toBe(name);
  });

  it.each(['', '\n', '# nothing\n'])('refuses a file without keys: %j', (text) => {
    expect(() => ApiKeys.parse(text)).toThrow(/the file has no keys$/);
  });
});
