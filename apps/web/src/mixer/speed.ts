import type { Player } from '../audio/player.js';

export const SLOWEST = 50;
export const FASTEST = 150;

/** @param percent to add to the speed in percent */
export function changeSpeed(player: Player, percent: number): void {
  const next = Math.round(player.speed.value * 100) + percent;
  player.setSpeed(Math.min(FASTEST, Math.max(SLOWEST, next)) / 100);
}
