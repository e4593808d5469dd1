import type { Player } from '../../audio/player.js';
import { SAMPLE_RATE } from '../../audio/sources/stem-source.js';

/** samples: shorter ones are a buzz */
const SHORTEST = SAMPLE_RATE / 4;
const USUAL = 8 * SAMPLE_RATE;

export function toggleLoop(player: Player): void {
  if (player.loop.value !== undefined) {
    player.setLoop(undefined);
    return;
  }
  const start = Math.min(player.position.value, player.samples - SHORTEST);
  setLoop(player, start, start + USUAL);
}

export function moveLoopStart(player: Player, start: number): void {
  const end = player.loop.value?.end ?? start + USUAL;
  setLoop(player, start, Math.max(end, start + SHORTEST));
}

export function moveLoopEnd(player: Player, end: number): void {
  const start = player.loop.value?.start ?? end - USUAL;
  setLoop(player, Math.min(start, end - SHORTEST), end);
}

/** Between any two places of the song, in any order. */
export function setLoop(player: Player, one: number, other: number): void {
  const start = Math.max(0, Math.round(Math.min(one, other)));
  const end = Math.min(player.samples, Math.round(Math.max(one, other)));
  if (end - start >= Math.min(SHORTEST, player.samples)) player.setLoop({ start, end });
}
