import { describe, expect, it } from '@jest/globals';
import type { SeparationId } from '@app/separations';
import { someId } from '../../../../test/support/separations/stored-separations.js';
import { secondsLeft } from './time-left.js';

describe(secondsLeft.name, () => {
  const at = (id: SeparationId, percent: number, seconds: number): number | undefined =>
    secondsLeft(id, { stage: 'separate', percent }, seconds * 1000);

  it('follows the speed since the page first saw the song', () => {
    const id = someId();
    expect(at(id, 20, 100)).toBeUndefined();
    expect(at(id, 22, 101)).toBeUndefined();
    expect(at(id, 40, 110)).toBe(30);
    expect(at(id, 60, 140)).toBe(40);
  });

  it('counts down between two reports', () => {
    const id = someId();
    at(id, 0, 0);
    expect(at(id, 50, 50)).toBe(50);
    expect(at(id, 50, 60)).toBe(40);
    expect(at(id, 50, 200)).toBe(0);
  });

  it('begins again with another worker, and says nothing of other stages', () => {
    const id = someId();
    at(id, 0, 0);
    expect(at(id, 50, 50)).toBe(50);
    expect(at(id, 10, 60)).toBeUndefined();
    expect(at(id, 20, 70)).toBe(80);
    expect(secondsLeft(id, { stage: 'encode', percent: 99 })).toBeUndefined();
  });
});
