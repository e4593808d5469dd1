import { describe, expect, it } from '@jest/globals';
import { isRetryable } from '../api/errors.js';
import { de } from './de.js';
import { en } from './en.js';

describe.each([
  ['English', en, /try again/i],
  ['German', de, /versuche es/i],
])('the %s problem texts', (_, { problems }, tryAgain) => {
  it.each(Object.entries(problems))('says to try again only where that can help: %s', (code, text) => {
    expect(tryAgain.test(typeof text === 'string' ? text : text('4 MB'))).toBe(isRetryable(code));
  });
});
