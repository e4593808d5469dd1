import { firstAfter } from './click-track.js';

/** clicks: a bar of most songs */
const CLICKS = 4;

/** Silence with clicks, before the song begins. */
export interface CountIn {
  /** samples until the song begins */
  readonly left: number;
  /** samples from now on at which a click begins */
  readonly clicks: readonly number[];
}

/**
 * A bar of clicks that leads to the next beat of the song at its tempo there.
 * @param beats samples of the song
 * @param quantum the song begins after whole blocks of so many samples
 * @returns undefined if there is no tempo
 */
export function countInAt(
  position: number,
  beats: readonly number[],
  speed: number,
  quantum: number,
): CountIn | undefined {
  const interval = intervalAt(position, beats);
  const first = beats[0];
  if (interval === undefined || first === undefined) return undefined;
  const next = beats[firstAfter(beats, position)] ?? first;
  // before the first beat and after the last one, the beat goes on
  const until = (((next - position) % interval) + interval) % interval;
  const left = quantum * Math.ceil((CLICKS * interval - until) / speed / quantum);
  const clicks = Array.from({ length: CLICKS }, (_, index) =>
    Math.ceil(left + (until - (CLICKS - index) * interval) / speed),
  );
  return { left, clicks };
}

/** Leaves some samples behind. */
export function advance({ left, clicks }: CountIn, samples: number): CountIn {
  return { left: left - samples, clicks: clicks.map((click) => click - samples).filter((click) => click >= 0) };
}

/** samples between the beats around a position: the middle of some, because one may be missed */
function intervalAt(position: number, beats: readonly number[]): number | undefined {
  const from = Math.max(0, Math.min(firstAfter(beats, position) - 4, beats.length - 8));
  const around = beats.slice(from, from + 8);
  const intervals = around.slice(1).map((beat, index) => beat - (around[index] ?? beat));
  return intervals.sort((a, b) => a - b)[intervals.length >> 1];
}
