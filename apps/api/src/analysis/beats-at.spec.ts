import { describe, expect, it } from '@jest/globals';
import { beatsAt } from './beats-at.js';

/** of a player who slows down */
const MEASURED = { bpm: 120, confidence: 0.9, beats: [0.5, 1, 1.5, 2.1, 2.7] };

describe(beatsAt.name, () => {
  it.each([
    ['the measured ones at about their tempo', 121, [0.5, 1, 1.5, 2.1, 2.7]],
    ['one more between each two at twice the tempo', 240, [0.5, 0.75, 1, 1.25, 1.5, 1.8, 2.1, 2.4, 2.7]],
    ['every second one at half the tempo', 60.4, [0.5, 1.5, 2.7]],
    ['every third one at a third of it', 40, [0.5, 2.1]],
    [
      'two more between each two at three times',
      360,
      [0.5, 0.6667, 0.8333, 1, 1.1667, 1.3333, 1.5, 1.7, 1.9, 2.1, 2.3, 2.5, 2.7],
    ],
    ['evenly through the first one at another tempo', 90, [0.5, 1.1667, 1.8333, 2.5]],
  ])('are %s', (_, bpm, beats) => {
    expect(beatsAt(bpm, MEASURED, 3)).toEqual(beats);
  });

  it('are even from the start of a song without measured ones', () => {
    expect(beatsAt(60, null, 3)).toEqual([0, 1, 2]);
    expect(beatsAt(60, { ...MEASURED, beats: [2.25] }, 3)).toEqual([0.25, 1.25, 2.25]);
  });
});
