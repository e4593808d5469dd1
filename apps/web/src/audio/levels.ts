import type { LaneLevel } from './worklet/mix-bus.js';

/** What is set at one lane of the mixer. */
export interface LaneSettings {
  /** linear, 0 to 1.5 */
  readonly volume: number;
  /** -1 is left, 1 is right */
  readonly pan: number;
  readonly muted: boolean;
  readonly soloed: boolean;
}

export const LOUDEST = 1.5;

export const NEUTRAL: LaneSettings = { volume: 1, pan: 0, muted: false, soloed: false };

/** A stereo balance: in the middle both sides are as they are, aside the other one fades. A mute beats a solo. */
export function laneLevels(lanes: readonly LaneSettings[]): LaneLevel[] {
  const anySolo = lanes.some(({ soloed }) => soloed);
  return lanes.map(({ volume, pan, muted, soloed }) => {
    const heard = muted || (anySolo && !soloed) ? 0 : volume;
    return {
      left: heard * (pan > 0 ? Math.cos((pan * Math.PI) / 2) : 1),
      right: heard * (pan < 0 ? Math.cos((pan * Math.PI) / 2) : 1),
    };
  });
}
