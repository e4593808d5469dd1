import { beforeEach, describe, expect, it } from '@jest/globals';
import { MessageThrottle } from './message-throttle.js';

describe(MessageThrottle.name, () => {
  let passed: string[];
  let sut: MessageThrottle;

  beforeEach(() => {
    passed = [];
    sut = new MessageThrottle((message) => passed.push(message));
  });

  it('passes on a repeated message once per 30 s', () => {
    for (const now of [0, 1, 29_999]) sut.report(new Error('ECONNREFUSED'), now);
    expect(passed).toHaveLength(1);
    sut.report(new Error('ECONNREFUSED'), 30_000);
    expect(passed).toHaveLength(2);
  });

  it('passes on different messages independently', () => {
    for (const message of ['ECONNREFUSED', 'ETIMEDOUT', 'ECONNREFUSED']) sut.report(new Error(message), 0);
    expect(passed).toEqual(['ECONNREFUSED', 'ETIMEDOUT']);
  });
});
