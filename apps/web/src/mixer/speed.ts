import type { Player } from '../audio/player.js';

/** percent */
export const MIN_SPEED = 50;
export const MAX_SPEED = 150;

/** Changes the speed by some percentage points, within the limits. */
export function changeSpeed(player: Player, points: number): void {
  const next = Math.round(player.speed.value * 100) + points;
  player.setSpeed(Math.min(MAX_SPEED, Math.max(MIN_SPEED, next)) / 100);
}
