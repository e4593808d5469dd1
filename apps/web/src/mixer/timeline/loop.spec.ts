import { describe, expect, it } from '@jest/globals';
import { Metronome } from '../../audio/metronome.js';
import type { Player } from '../../audio/player.js';
import { snapped } from './loop.js';

const BEATS = [44_100, 66_150, 88_200];

function player(): Pick<Player, 'metronome'> {
  const metronome = new Metronome(() => undefined);
  metronome.setBeats(BEATS.map((beat) => beat / 44_100));
  return { metronome };
}

describe(snapped.name, () => {
  it.each([
    ['before the first beat', 43_000, 44_100],
    ['at a beat', 66_150, 66_150],
    ['closer to the beat after it', 80_000, 88_200],
    ['closer to the beat before it', 70_000, 66_150],
    ['after the last beat', 90_000, 88_200],
    ['near no beat', 20_000, 20_000],
  ])('moves an edge that is %s', (_, sample, wanted) => {
    expect(snapped(player(), sample, 12_000)).toBe(wanted);
  });

  it('leaves an edge where it is when it is switched off', () => {
    const sut = player();
    sut.metronome.snaps.value = false;
    expect(snapped(sut, 43_000, 12_000)).toBe(43_000);
  });
});
