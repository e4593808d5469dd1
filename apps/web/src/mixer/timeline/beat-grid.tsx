import type { JSX } from 'preact';
import type { Player } from '../../audio/player.js';
import { firstAfter } from '../../audio/mixing/click-track.js';

/** more would be closer than the eye can tell */
const MAX_LINES = 80;

interface BeatGridProps {
  readonly player: Player;
  /** sample at which the ruler begins */
  readonly from: number;
  /** samples that the ruler shows */
  readonly length: number;
}

/** Thin lines at the beats; at every second, fourth or eighth one where they are close. */
export function BeatGrid({ player, from, length }: BeatGridProps): JSX.Element {
  const beats = player.metronome.beats.value;
  const [first, last] = [firstAfter(beats, from), firstAfter(beats, from + length)];
  const step = 2 ** Math.max(0, Math.ceil(Math.log2((last - first) / MAX_LINES)));
  const lines = beats.slice(0, last).filter((_, index) => index >= first && index % step === 0);
  return (
    <>
      {lines.map((beat) => (
        <span key={beat} class="beat" style={{ left: `${(100 * (beat - from)) / length}%` }} />
      ))}
    </>
  );
}
