import type { Analysis } from '@app/separations';

type Tempo = Analysis['tempo'];

/** beats that a measured one may hold, or that may make up one */
const MOST = 8;

/** a tempo this close to a multiple of the measured one means the measured beats */
const NEAR = 0.04;

/** as fine as the measured ones, in parts of a second */
const PER_SECOND = 10_000;

/**
 * The beats of a song at a tempo that somebody set, in seconds.
 * - near a multiple of the measured tempo: the measured beats, with as many more between each two, evenly spaced
 * - near a fraction of it: every second (third, …) measured beat, from the first on
 * - at another tempo: evenly spaced, through the first measured beat, else from the start of the song
 * @param bpm the tempo that was set
 * @param durationSeconds of the song
 */
export function beatsAt(bpm: number, measured: Tempo, durationSeconds: number): readonly number[] {
  const { beats = [], bpm: before = bpm } = measured ?? {};
  const ratio = bpm / before;
  const times = Math.round(ratio);
  if (beats.length > 1 && isNear(ratio, times)) return between(beats, times);
  const every = Math.round(1 / ratio);
  if (beats.length > 1 && isNear(1 / ratio, every)) return beats.filter((_, at) => at % every === 0);
  return evenly(60 / bpm, beats[0] ?? 0, durationSeconds);
}

function isNear(ratio: number, whole: number): boolean {
  return whole >= 1 && whole <= MOST && Math.abs(ratio / whole - 1) <= NEAR;
}

function between(beats: readonly number[], times: number): number[] {
  return beats.flatMap((beat, at) => {
    const next = beats[at + 1];
    if (next === undefined) return [beat];
    return Array.from({ length: times }, (_, part) => rounded(beat + ((next - beat) * part) / times));
  });
}

function evenly(period: number, through: number, durationSeconds: number): number[] {
  const first = through % period;
  const count = Math.max(0, Math.ceil((durationSeconds - first) / period));
  return Array.from({ length: count }, (_, at) => rounded(first + at * period));
}

function rounded(seconds: number): number {
  return Math.round(seconds * PER_SECOND) / PER_SECOND;
}
