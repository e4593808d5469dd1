import { describe, expect, it } from '@jest/globals';
import { isLoopback } from './loopback.js';

describe(isLoopback.name, () => {
  it.each(['localhost', '::1', '127.0.0.1', '127.9.9.9', '[::1]'])('is true for %s', (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  it.each(['0.0.0.0', '::', '10.0.0.9', '128.0.0.1', '127.evil.example', '::2', 'localhost.example', ''])(
    'is false for %j',
    (host) => {
      expect(isLoopback(host)).toBe(false);
    },
  );
});
