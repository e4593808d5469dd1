import { describe, expect, it } from '@jest/globals';
import { byteRange } from './byte-range.js';

describe(byteRange.name, () => {
  it.each([
    ['bytes=0-4', { start: 0, end: 4 }],
    ['bytes=99-', { start: 99, end: 99 }],
    ['bytes=5-5000', { start: 5, end: 99 }],
    ['bytes=-10', { start: 90, end: 99 }],
    ['bytes=-5000', { start: 0, end: 99 }],
    ['bytes = 0 - 4', { start: 0, end: 4 }],
    ['bytes=100-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=9-5', undefined],
    ['bytes=500-400', undefined],
    ['bytes=0-1,5-6', undefined],
    ['bytes=-', undefined],
    ['bytes=x-4', undefined],
    ['items=0-4', undefined],
    [undefined, undefined],
  ])('reads %s of 100 bytes', (header, range) => {
    expect(byteRange(header, 100)).toEqual(range);
  });

  it('finds nothing in an empty file', () => {
    expect(byteRange('bytes=0-', 0)).toBe('unsatisfiable');
  });
});
