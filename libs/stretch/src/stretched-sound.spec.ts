import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import {
  findStretchLibrary,
  openStretcher,
  StretchedSound,
  type Change,
  type SoundKind,
  type Stereo,
} from './index.js';

const RATE = 44_100;
const SECONDS = 4;
/** seconds */
const HITS = [0.5, 1, 1.5, 2, 2.5, 3];
const TRIAD = [261.63, 329.63, 392];
const source = readFileSync(createRequire(import.meta.url).resolve('signalsmith-stretch'), 'utf8');
const library = findStretchLibrary(source);

/** a snare: noise that decays */
function snare(): Float32Array {
  const sound = new Float32Array(SECONDS * RATE);
  let seed = 1;
  const noise = (): number => ((seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 30 - 1) * 0.4;
  for (const hit of HITS) {
    for (let at = 0; at < 0.12 * RATE; at++) sound[hit * RATE + at] = noise() * Math.exp(-at / (0.02 * RATE));
  }
  return sound;
}

function triad(): Float32Array {
  const tones = (at: number): number =>
    TRIAD.reduce((sum, hertz) => sum + 0.15 * Math.sin((2 * Math.PI * hertz * at) / RATE), 0);
  return Float32Array.from({ length: SECONDS * RATE }, (_, at) => tones(at));
}

/** The right channel is the left one, upside down. */
function stretch(sound: Float32Array, kind: SoundKind, change: Change, piece = 10_000): [Float32Array, Float32Array] {
  const sut = new StretchedSound({ change, openStretcher: () => openStretcher(library, kind, RATE) });
  const steps: Stereo[] = [];
  for (let at = 0; at < sound.length; at += piece) {
    const left = sound.slice(at, at + piece);
    steps.push(...sut.push([left, left.map((sample) => -sample)]));
  }
  steps.push(...sut.finish());
  const join = (channel: 0 | 1): Float32Array => Float32Array.from(steps.flatMap((step) => [...step[channel]]));
  return [join(0), join(1)];
}

/** When the hit near `expected` reaches half of its peak, and the loudest sample between hits; seconds, linear. */
function hitNear(sound: Float32Array, expected: number): { readonly late: number; readonly before: number } {
  const at = Math.round(expected * RATE);
  const around = sound.subarray(at - 0.1 * RATE, at + 0.1 * RATE).map(Math.abs);
  const peak = Math.max(...around);
  const half = around.findIndex((sample) => sample > peak / 2);
  return { late: half / RATE - 0.1, before: Math.max(...around.subarray(0, 0.07 * RATE)) / peak };
}

/** Energy of what is no tone of these frequencies, relative to the sound, dB. */
function residualDb(sound: Float32Array, frequencies: readonly number[]): number {
  const middle = sound.slice(RATE, -RATE);
  const rest = Float64Array.from(middle);
  // tones of different pitch are orthogonal over seconds; the second pass removes what is left of that
  for (const hertz of [...frequencies, ...frequencies]) {
    const turn = (2 * Math.PI * hertz) / RATE;
    const [cosine, sine] = [Math.cos, Math.sin].map(
      (wave) => rest.reduce((sum, sample, at) => sum + sample * wave(turn * at), 0) / (rest.length / 2),
    );
    rest.forEach((sample, at) => {
      rest[at] = sample - (cosine ?? 0) * Math.cos(turn * at) - (sine ?? 0) * Math.sin(turn * at);
    });
  }
  const energy = (samples: Float64Array | Float32Array): number => {
    let sum = 0;
    for (const sample of samples) sum += sample ** 2;
    return sum;
  };
  return 10 * Math.log10(energy(rest) / energy(middle));
}

describe(StretchedSound.name, () => {
  it.each([0.5, 0.75, 1.25, 2])('keeps hits single and in time at speed %d', (speed) => {
    const [sound] = stretch(snare(), 'hits', { speed, semitones: 0 });
    const hits = HITS.map((at) => hitNear(sound, at / speed));
    const late = hits.map((hit) => hit.late);
    expect(Math.max(...late) - Math.min(...late)).toBeLessThan(0.004);
    expect(Math.max(...late.map(Math.abs))).toBeLessThan(0.004);
    expect(Math.max(...hits.map(({ before }) => before))).toBeLessThan(0.05);
  });

  it.each([0.5, 0.75, 1.5])('keeps a chord clean at speed %d', (speed) => {
    const [sound] = stretch(triad(), 'tones', { speed, semitones: 0 });
    expect(residualDb(sound, TRIAD)).toBeLessThan(-35);
  });

  it.each([
    [1, -12],
    [1, 0.13],
    [0.75, -3],
    [1.5, 5],
  ])('at speed %d, moves the pitch by exactly %d semitones', (speed, semitones) => {
    const [sound] = stretch(triad(), 'tones', { speed, semitones });
    expect(sound).toHaveLength((SECONDS * RATE) / speed);
    const wanted = TRIAD.map((hertz) => hertz * 2 ** (semitones / 12));
    expect(residualDb(sound, wanted)).toBeLessThan(-30);
  });

  it('keeps the pitch within 3 cents where it hardly changes the length of the sound', () => {
    const [sound] = stretch(triad(), 'tones', { speed: 1.5, semitones: 7 });
    expect(sound).toHaveLength((SECONDS * RATE) / 1.5);
    expect(
      residualDb(
        sound,
        TRIAD.map((hertz) => hertz * 1.5),
      ),
    ).toBeLessThan(-60);
  });

  it('gives the very samples of a sound that is not changed', () => {
    const sound = triad().slice(0, 10_001);
    expect(stretch(sound, 'hits', { speed: 1, semitones: 0 })[0]).toEqual(sound);
  });

  it.each([
    ['short', 1000, 0.75],
    ['empty', 0, 0.5],
    ['not a multiple of anything', 54_321, 1.37],
  ])('gives a sound that is %s its exact length', (_, samples, speed) => {
    const [left, right] = stretch(triad().slice(0, samples), 'hits', { speed, semitones: 2 });
    expect([left.length, right.length]).toEqual([Math.round(samples / speed), Math.round(samples / speed)]);
  });

  it.each([
    ['hits', 0.5, 0],
    ['tones', 0.75, 0],
    ['tones', 1, 3],
    // the most that a stretcher is asked for
    ['tones', 4, -12],
  ] as const)('starts %s with their full level at speed %d and %d semitones', (kind, speed, semitones) => {
    const whole = triad();
    const before = (samples: number): Stereo => [whole.slice(RATE - samples, RATE), whole.slice(RATE - samples, RATE)];
    const change = { speed, semitones };
    const sut = new StretchedSound({ change, openStretcher: () => openStretcher(library, kind, RATE), before });
    const steps = sut.push([whole.slice(RATE), whole.slice(RATE)]);
    const level = (from: number, to: number): number => {
      const part = steps.flatMap(([left]) => [...left]).slice(from, to);
      return Math.sqrt(part.reduce((sum, sample) => sum + sample ** 2, 0) / part.length);
    };
    expect(level(0, 2000) / level(8000, 16_000)).toBeGreaterThan(0.9);
  });

  it('gives the same samples each time, in whatever pieces the sound comes', () => {
    const sound = snare().slice(0, RATE);
    const [once] = stretch(sound, 'tones', { speed: 0.3, semitones: 1 });
    const [again] = stretch(sound, 'tones', { speed: 0.3, semitones: 1 }, 333);
    expect(again).toEqual(once);
  });

  it('treats both channels alike', () => {
    const [left, right] = stretch(triad().slice(0, RATE), 'tones', { speed: 0.6, semitones: -2 });
    const largest = left.reduce((most, sample, at) => Math.max(most, Math.abs(sample + (right[at] ?? 0))), 0);
    expect(largest).toBeLessThan(1e-3);
  });

  it('names a package that has changed', () => {
    expect(() => findStretchLibrary(source.replaceAll('wasmExports', 'w'))).toThrow('signalsmith-stretch has changed');
  });
});
