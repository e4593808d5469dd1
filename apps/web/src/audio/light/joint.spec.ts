import { describe, expect, it } from '@jest/globals';
import type { Segment } from '../sources/stem-source.js';
import { JOINT, Joints, type JoinedSegment } from './joint.js';

const LENGTH = 8000;
const NOISE = 0.1;

/** another encoding differs by a slow noise: a step of it can be heard */
const noise = (at: number): number => NOISE * Math.cos(at / 700);
const song = (at: number): number => 0.5 * Math.sin(at / 20);

const stretch = (sample: (at: number) => number, from: number, to: number): Segment => {
  const left = Float32Array.from({ length: to - from }, (_, at) => sample(from + at));
  return { left, right: left.slice() };
};

const master = (index: number): JoinedSegment => stretch(song, index * LENGTH, (index + 1) * LENGTH);

const light = (index: number): JoinedSegment => {
  const sample = (at: number): number => song(at) + noise(at);
  const [start, end] = [index * LENGTH, (index + 1) * LENGTH];
  return {
    ...stretch(sample, start, end),
    before: stretch(sample, start - JOINT, start),
    after: stretch(sample, end, end + JOINT),
  };
};

describe(Joints.name, () => {
  it.each([
    ['the light format to a master', light(1), master(2)],
    ['a master to the light format', master(1), light(2)],
  ])('goes from %s without a step', (_, first, second) => {
    const sut = new Joints();
    const { left: one } = sut.join(1, first);
    const { left: two } = sut.join(2, second);
    const errors = [...one, ...two].map((sample, at) => sample - song(LENGTH + at));
    const steps = errors.map((error, at) => Math.abs(error - (errors[at - 1] ?? error)));
    expect(Math.max(...steps)).toBeLessThan(NOISE / 100);
    // only the joint is changed
    expect([...two.subarray(JOINT)]).toEqual([...second.left.subarray(JOINT)]);
    expect(Math.max(...errors.map(Math.abs))).toBeLessThan(1.01 * NOISE);
  });

  it('changes nothing between masters, or after another place', () => {
    const sut = new Joints();
    sut.join(1, master(1));
    expect(sut.join(2, master(2)).left).toEqual(master(2).left);
    expect(sut.join(7, light(7)).left).toEqual(light(7).left);
  });
});
