import type { Player } from '../audio/player.js';

/** percent */
export const MIN_SPEED = 25;
export const MAX_SPEED = 200;

export const MAX_SEMITONES = 12;
export const MAX_CENTS = 50;

/** Changes the speed by some percentage points, within the limits. */
export function changeSpeed({ speedAndPitch }: Player, points: number): void {
  const next = Math.round(speedAndPitch.values.value.speed * 100) + points;
  speedAndPitch.set({ speed: Math.min(MAX_SPEED, Math.max(MIN_SPEED, next)) / 100 });
}
