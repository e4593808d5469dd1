import type { LaneLevel } from './mixing/mix-bus.js';

/** The controls of one lane. */
export interface LaneSettings {
  /** linear, 0 to MAX_VOLUME */
  readonly volume: number;
  /** -1 is left, 1 is right */
  readonly pan: number;
  readonly muted: boolean;
  readonly soloed: boolean;
}

export const MAX_VOLUME = 1.5;

export const DEFAULT_LANE: LaneSettings = { volume: 1, pan: 0, muted: false, soloed: false };

/** Levels of all lanes. The pan is a stereo balance: it only turns down the opposite side. A mute beats a solo. */
export function laneLevels(lanes: readonly LaneSettings[]): LaneLevel[] {
  const anySolo = lanes.some(({ soloed }) => soloed);
  return lanes.map(({ volume, pan, muted, soloed }) => {
    const audible = muted || (anySolo && !soloed) ? 0 : volume;
    return {
      left: audible * (pan > 0 ? Math.cos((pan * Math.PI) / 2) : 1),
      right: audible * (pan < 0 ? Math.cos((pan * Math.PI) / 2) : 1),
    };
  });
}

/** Levels of the audible lanes, by the names of their stems. */
export function audibleLevels(
  stems: readonly string[],
  lanes: readonly LaneSettings[],
): ReadonlyMap<string, LaneLevel> {
  const levels = laneLevels(lanes).map((level, lane) => [stems[lane] ?? '', level] as const);
  return new Map(levels.filter(([, { left, right }]) => left !== 0 || right !== 0));
}

interface Gains {
  readonly gainDb: number;
  readonly original?: { readonly gainDb: number };
}

/**
 * Linear level at which the original is as loud as the sum of its stems. Both have gains of their own; earlier versions
 * made the original with the gain of the stems.
 */
export function originalLevel(gains: Gains | undefined): number {
  if (gains?.original === undefined) return 1;
  return 10 ** ((gains.gainDb - gains.original.gainDb) / 20);
}
