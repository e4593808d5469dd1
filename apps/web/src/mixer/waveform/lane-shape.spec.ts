import { describe, expect, it } from '@jest/globals';
import { COLUMN_VALUES, LaneShape } from './lane-shape.js';

const CHUNK = 1024;
const SAMPLES = 4 * CHUNK;

/** A stem whose sample `n` is `n / SAMPLES`, and the negative of it on the right. */
const segment = (index: number): { left: Float32Array; right: Float32Array } => {
  const left = Float32Array.from({ length: CHUNK }, (_, at) => (index * CHUNK + at) / SAMPLES);
  return { left, right: left.map((sample) => -sample) };
};

const columns = (sut: LaneShape, first: number, count: number, samplesPerColumn: number): number[][] => {
  const out = new Float32Array(count * COLUMN_VALUES);
  sut.fill(out, first, count, samplesPerColumn);
  return Array.from({ length: count }, (_, at) => [...out.slice(at * COLUMN_VALUES, (at + 1) * COLUMN_VALUES)]);
};

describe(LaneShape.name, () => {
  const loaded = (): LaneShape => {
    const sut = new LaneShape('vocals', SAMPLES);
    for (const index of [0, 1]) sut.add(index, CHUNK, segment(index));
    return sut;
  };

  it('draws bins over the joints of parts, and nothing where none is loaded', () => {
    const [first, second, third] = columns(loaded(), 0, 3, 1000);
    // column 1 goes from bin 15, at sample 960, to bin 31, which ends at 2048
    expect(first?.slice(0, 2)).toEqual([-1023 / SAMPLES, 1023 / SAMPLES]);
    expect(second?.slice(0, 2)).toEqual([-2047 / SAMPLES, 2047 / SAMPLES]);
    expect(third?.slice(0, 2)).toEqual([-2047 / SAMPLES, 2047 / SAMPLES]);
    expect(columns(loaded(), 3, 1, 1000)).toEqual([[NaN, NaN, NaN]]);
    expect(first?.[2]).toBeCloseTo(1023 / SAMPLES / Math.sqrt(3), 3);
  });

  it('follows the line between two samples', () => {
    const sut = loaded();
    sut.keep(1, segment(1));
    const at = 4 * (CHUNK + 2);
    for (const [column, [low = 0, high = 0]] of columns(sut, at, 4, 0.25).entries()) {
      const to = (CHUNK + 2 + (column + 1) / 4) / SAMPLES;
      expect([low, high]).toEqual([expect.closeTo(-to, 6), expect.closeTo(to, 6)]);
    }
  });

  it('draws the peaks of the song where columns are wide, or nothing finer is loaded', () => {
    const sut = loaded();
    sut.overview = { samplesPerPeak: 512, peaks: [1, 2, 3, 4, 5, 6, 7, 8], rms: undefined };
    expect(columns(sut, 0, 4, 1024)).toEqual([2, 4, 6, 8].map((peak) => [-peak, peak, 0]));
    expect(columns(sut, 5, 1, 500)).toEqual([[-5, 5, 0]]);
    expect(sut.isFine(1024)).toBe(false);
    expect(sut.isFine(256)).toBe(true);
  });

  it('forgets the samples that were looked at first', () => {
    const sut = new LaneShape('vocals', 10 * CHUNK);
    for (let index = 0; index < 8; index += 1) sut.keep(index, segment(index));
    expect(sut.lacks(0, 1)).toBe(true);
    expect(sut.lacks(7, 1)).toBe(false);
  });
});
