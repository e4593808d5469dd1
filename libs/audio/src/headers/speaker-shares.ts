import { UnsupportedAudioError } from '../errors/audio.error.js';

/** What the two sides get of a channel. */
export type Share = readonly [left: number, right: number];

/** How channels become two: by their speakers, as left and right whatever they are called, or by shares of our own. */
export type Mixing = 'speakers' | 'stereo' | { readonly shares: readonly Share[] };

/** what `pan` can take */
const MAX_CHANNELS = 64;
/** levels of ITU-R BS.775, as ffmpeg uses them */
const [CENTER, SIDE, BACK] = [Math.SQRT1_2, Math.SQRT1_2, 0.5];
/** of low-frequency effects (LFE), below a center: as `lfe_mix_level` of our filters */
const EFFECTS_LEVEL = 0.5;

/** by the bit in a mask of speakers: FL FR FC LFE BL BR FLC FRC BC SL SR TC TFL TFC TFR TBL TBC TBR */
const SHARES: readonly Share[] = [
  ...[
    left(1),
    right(1),
    both(CENTER),
    both(EFFECTS_LEVEL * CENTER),
    left(SIDE),
    right(SIDE),
    left(1),
    right(1),
    both(BACK),
  ],
  ...[left(SIDE), right(SIDE), both(BACK), left(SIDE), both(BACK), right(SIDE), left(SIDE), both(BACK), right(SIDE)],
];
/** TC, TFC, TBL, TBC and TBR: ffmpeg takes them, and leaves them out of stereo without a word */
const DROPPED = 0x3_a800;

/**
 * Mixes by speakers of which ffmpeg would drop some.
 * @param speakers of the channels, a bit for each; 0 if they have others than a mask can name
 * @returns undefined if ffmpeg drops none
 * @throws UnsupportedAudioError
 */
export function keepAllSpeakers(channels: number, speakers: number): Mixing | undefined {
  if (speakers === 0) return allOnBothSides(channels);
  if ((speakers & DROPPED) === 0) return undefined;
  const shares = SHARES.filter((_, bit) => (speakers & (1 << bit)) !== 0);
  const loudest = Math.max(sumOf(shares, 0), sumOf(shares, 1), 1);
  return { shares: shares.map(([l, r]) => [l / loudest, r / loudest]) };
}

/** @throws UnsupportedAudioError */
export function allOnBothSides(channels: number): Mixing {
  if (channels > MAX_CHANNELS) {
    throw new UnsupportedAudioError(`The song has ${channels} channels; at most ${MAX_CHANNELS} can be mixed.`);
  }
  return { shares: Array.from({ length: channels }, () => both(1 / channels)) };
}

function left(share: number): Share {
  return [share, 0];
}

function right(share: number): Share {
  return [0, share];
}

function both(share: number): Share {
  return [share, share];
}

function sumOf(shares: readonly Share[], side: 0 | 1): number {
  return shares.reduce((sum, share) => sum + share[side], 0);
}
