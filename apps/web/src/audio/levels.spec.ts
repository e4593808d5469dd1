import { describe, expect, it } from '@jest/globals';
import { audibleLevels, DEFAULT_LANE, laneLevels, originalLevel } from './levels.js';

const FULL = { left: 1, right: 1 };

describe(laneLevels.name, () => {
  it('leaves only what is soloed, and a mute beats a solo', () => {
    const lanes = [DEFAULT_LANE, { ...DEFAULT_LANE, soloed: true }, { ...DEFAULT_LANE, soloed: true, muted: true }];
    expect(laneLevels(lanes).map(({ left }) => left)).toEqual([0, 1, 0]);
  });
});

describe(audibleLevels.name, () => {
  it('names the stems that are heard, and no others', () => {
    const lanes = [DEFAULT_LANE, { ...DEFAULT_LANE, muted: true }, { ...DEFAULT_LANE, pan: 1 }];
    const levels = [...audibleLevels(['vocals', 'drums', 'bass'], lanes)];
    expect(levels).toEqual([
      ['vocals', FULL],
      ['bass', { left: Math.cos(Math.PI / 2), right: 1 }],
    ]);
  });
});

describe(originalLevel.name, () => {
  it.each([
    [{ gainDb: -6, original: { gainDb: 0 } }, 0.501],
    [{ gainDb: 0, original: { gainDb: -4 } }, 1.585],
    [{ gainDb: -6, original: { gainDb: -6 } }, 1],
    [{ gainDb: -6 }, 1],
    [undefined, 1],
  ])('makes the original as loud as its stems: %j', (gains, level) => {
    expect(originalLevel(gains)).toBeCloseTo(level, 3);
  });
});
