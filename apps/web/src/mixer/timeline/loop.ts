import { firstAfter } from '../../audio/mixing/click-track.js';
import type { Player } from '../../audio/player.js';
import { SAMPLE_RATE } from '../../audio/sources/stem-source.js';

/** samples: shorter loops only buzz */
const MIN_LENGTH = SAMPLE_RATE / 4;
const DEFAULT_LENGTH = 8 * SAMPLE_RATE;

export function toggleLoop(player: Player): void {
  if (player.loop.value !== undefined) {
    player.setLoop(undefined);
    return;
  }
  const start = Math.min(player.position.value, player.samples - MIN_LENGTH);
  setLoop(player, start, start + DEFAULT_LENGTH);
}

export function moveLoopStart(player: Player, start: number): void {
  const end = player.loop.value?.end ?? start + DEFAULT_LENGTH;
  setLoop(player, start, Math.max(end, start + MIN_LENGTH));
}

export function moveLoopEnd(player: Player, end: number): void {
  const start = player.loop.value?.start ?? end - DEFAULT_LENGTH;
  setLoop(player, Math.min(start, end - MIN_LENGTH), end);
}

/** The closest beat to a sample that an edge of a loop is dragged to, if it is within so many samples. */
export function snapped({ metronome }: Pick<Player, 'metronome'>, sample: number, reach: number): number {
  const { beats, snaps } = metronome;
  if (!snaps.value) return sample;
  const next = firstAfter(beats.value, sample);
  const around = beats.value.slice(Math.max(0, next - 1), next + 1);
  return around.find((beat) => Math.abs(beat - sample) <= reach && isClosest(beat, sample, around)) ?? sample;
}

function isClosest(beat: number, sample: number, others: readonly number[]): boolean {
  return others.every((other) => Math.abs(beat - sample) <= Math.abs(other - sample));
}

/** Loops between two samples, given in any order; ignored if they are too close. */
export function setLoop(player: Player, one: number, other: number): void {
  const start = Math.max(0, Math.round(Math.min(one, other)));
  const end = Math.min(player.samples, Math.round(Math.max(one, other)));
  if (end - start >= Math.min(MIN_LENGTH, player.samples)) player.setLoop({ start, end });
}

/** @returns a function that sets the present loop again */
export function rememberLoop(player: Player): () => void {
  const loop = player.loop.value;
  return () => {
    player.setLoop(loop);
  };
}

/** @returns a function that goes back to the present position and loop */
export function rememberPlace(player: Player): () => void {
  const resetLoop = rememberLoop(player);
  const position = player.position.value;
  return () => {
    resetLoop();
    player.seek(position);
  };
}
