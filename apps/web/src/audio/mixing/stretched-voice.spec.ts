import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import { findStretchLibrary, type Change, type SoundKind } from '@app/stretch';
import { Mixer, QUANTUM } from './mixer.js';
import { StretchedVoice } from './stretched-voice.js';

const RATE = 44_100;
const SECONDS = 6;
const SAMPLES = SECONDS * RATE;
const TRIAD = [261.63, 329.63, 392];
/** seconds */
const HITS = [0.4, 0.8, 1.2, 1.6, 2, 2.4, 2.8, 3.2];
/** of a lane that is turned on or off */
const MAX_DELAY = 0.1 * RATE;

const library = findStretchLibrary(readFileSync(createRequire(import.meta.url).resolve('signalsmith-stretch'), 'utf8'));

interface Lane {
  readonly kind: SoundKind;
  readonly sound: Float32Array;
}

function tones(...frequencies: readonly number[]): Lane {
  const at = (time: number): number =>
    frequencies.reduce((sum, hertz) => sum + 0.15 * Math.sin(2 * Math.PI * hertz * time), 0);
  return { kind: 'tones', sound: Float32Array.from({ length: SAMPLES }, (_, index) => at(index / RATE)) };
}

/** noise that decays */
function snare(): Lane {
  const sound = new Float32Array(SAMPLES);
  let seed = 1;
  const noise = (): number => ((seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 30 - 1) * 0.4;
  for (const hit of HITS) {
    const start = Math.round(hit * RATE);
    for (let at = 0; at < 0.12 * RATE; at += 1) sound[start + at] = noise() * Math.exp(-at / (0.02 * RATE));
  }
  return { kind: 'hits', sound };
}

/** A mixer that plays the lanes changed. */
function playing(change: Change, ...lanes: readonly Lane[]): Mixer {
  const mixer = new Mixer({ samples: SAMPLES, lanes: lanes.map(({ kind }) => ({ kind, segmentSamples: SAMPLES })) });
  lanes.forEach(({ sound }, lane) => {
    mixer.execute({ type: 'segment', lane, index: 0, segment: { left: sound, right: sound } });
    mixer.execute({ type: 'level', lane, level: { left: 1, right: 1 } });
  });
  mixer.execute({ type: 'stretch-library', library });
  mixer.execute({ type: 'change', change });
  // the work before the first sample is done in silence
  listen(mixer, 40 * QUANTUM);
  mixer.execute({ type: 'play', move: 1 });
  return mixer;
}

/** The left channel of the next samples. */
function listen(mixer: Mixer, samples: number): Float32Array {
  const heard = new Float32Array(QUANTUM * Math.ceil(samples / QUANTUM));
  for (let at = 0; at < heard.length; at += QUANTUM) {
    mixer.render(heard.subarray(at, at + QUANTUM), new Float32Array(QUANTUM));
  }
  return heard;
}

/** Samples where a hit after silence reaches half of its peak. */
function onsets(sound: Float32Array): number[] {
  const found: number[] = [];
  for (let at = 0; at < sound.length; at += 1) {
    if (Math.abs(sound[at] ?? 0) < 0.08) continue;
    const hit = sound.subarray(at, at + 0.2 * RATE).map(Math.abs);
    const half = hit.reduce((peak, sample) => Math.max(peak, sample), 0) / 2;
    found.push(at + hit.findIndex((sample) => sample >= half));
    // to the silence after it
    at += hit.findLastIndex((sample) => sample > 0.02) + 0.05 * RATE;
  }
  return found;
}

/** How loud a tone is, and its phase. */
function tone(sound: Float32Array, hertz: number): { readonly level: number; readonly phase: number } {
  let [cosine, sine] = [0, 0];
  sound.forEach((sample, at) => {
    const window = Math.sin((Math.PI * at) / sound.length) ** 2;
    const turn = (2 * Math.PI * hertz * at) / RATE;
    cosine += window * sample * Math.cos(turn);
    sine -= window * sample * Math.sin(turn);
  });
  return { level: Math.hypot(cosine, sine) / (sound.length / 4), phase: Math.atan2(sine, cosine) };
}

/** Cents by which a tone is higher than expected. */
function centsAbove(sound: Float32Array, hertz: number): number {
  const length = RATE / 4;
  const phases = [0, length].map((from) => tone(sound.subarray(from, from + length), hertz).phase);
  const expected = (2 * Math.PI * hertz * length) / RATE;
  const turned = (phases[1] ?? 0) - (phases[0] ?? 0) - expected;
  const extra = turned - 2 * Math.PI * Math.round(turned / (2 * Math.PI));
  return 1200 * Math.log2(1 + extra / expected);
}

/** Energy of what is no tone of these frequencies, relative to the sound, dB. */
function residualDb(sound: Float32Array, frequencies: readonly number[]): number {
  const rest = Float64Array.from(sound);
  // tones of different pitch are orthogonal over seconds; the second pass removes what is left of that
  for (const hertz of [...frequencies, ...frequencies]) {
    const turn = (2 * Math.PI * hertz) / RATE;
    const [cosine = 0, sine = 0] = [Math.cos, Math.sin].map(
      (wave) => rest.reduce((sum, sample, at) => sum + sample * wave(turn * at), 0) / (rest.length / 2),
    );
    rest.forEach((sample, at) => {
      rest[at] = sample - cosine * Math.cos(turn * at) - sine * Math.sin(turn * at);
    });
  }
  const energy = (samples: Float64Array): number => samples.reduce((sum, sample) => sum + sample ** 2, 0);
  return 10 * Math.log10(energy(rest) / energy(Float64Array.from(sound)));
}

const steepest = (sound: Float32Array): number =>
  sound.reduce((most, sample, at) => Math.max(most, Math.abs(sample - (sound[at - 1] ?? sample))), 0);

describe(StretchedVoice.name, () => {
  it('plays each hit once and in its place at half the speed', () => {
    const found = onsets(listen(playing({ speed: 0.5, semitones: 0 }, snare()), 7.5 * RATE));
    const late = found.map((at, index) => at / RATE - 2 * (HITS[index] ?? 0));
    expect(found).toHaveLength(HITS.length);
    expect(Math.max(...late) - Math.min(...late)).toBeLessThan(0.004);
    expect(Math.max(...late.map(Math.abs))).toBeLessThan(0.006);
  });

  it('keeps a chord of two lanes clean at 75%', () => {
    const mixer = playing({ speed: 0.75, semitones: 0 }, tones(TRIAD[0] ?? 0), tones(...TRIAD.slice(1)));
    const heard = listen(mixer, 4 * RATE).subarray(RATE);
    expect(residualDb(heard, TRIAD)).toBeLessThan(-27);
    expect(mixer.report().position).toBeCloseTo(0.75 * 4 * RATE, -3);
  });

  it.each([
    [1, 3],
    [0.75, -12],
    [0.5, 0.25],
    [2, 0],
    [1.25, 12],
  ])('at speed %d, moves a tone by %d semitones, within 2 cents', (speed, semitones) => {
    const heard = listen(playing({ speed, semitones }, tones(440)), 1.5 * RATE).subarray(RATE / 2);
    expect(Math.abs(centsAbove(heard, 440 * 2 ** (semitones / 12)))).toBeLessThan(2);
  });

  it('transposes no drums', () => {
    const { sound, kind } = snare();
    const heard = listen(playing({ speed: 1, semitones: 3 }, { sound, kind }), 2 * RATE);
    expect(heard.subarray(300)).toEqual(sound.slice(300, heard.length));
  });

  it.each([0.25, 1, 2])('turns a lane off within 0.1 s at speed %d, without a click', (speed) => {
    const mixer = playing({ speed, semitones: 1 }, tones(262), tones(440));
    const before = listen(mixer, RATE / 2);
    mixer.execute({ type: 'level', lane: 0, level: { left: 0, right: 0 } });
    const joint = listen(mixer, MAX_DELAY);
    const after = listen(mixer, RATE / 4);
    const [low, high] = [262, 440].map((hertz) => hertz * 2 ** (1 / 12));
    expect(tone(before.subarray(RATE / 4), low ?? 0).level).toBeGreaterThan(0.14);
    expect(tone(after, low ?? 0).level).toBeLessThan(0.001);
    expect(tone(after, high ?? 0).level).toBeGreaterThan(0.14);
    expect(steepest(joint)).toBeLessThan(1.1 * steepest(before.subarray(RATE / 4)));
  });

  it('changes the level of a lane without a break', () => {
    const mixer = playing({ speed: 0.5, semitones: 0 }, tones(440));
    listen(mixer, RATE / 2);
    mixer.execute({ type: 'level', lane: 0, level: { left: 0.5, right: 0.5 } });
    const heard = listen(mixer, RATE);
    expect(steepest(heard)).toBeLessThan(0.012);
    expect(tone(heard.subarray(RATE / 2), 440).level).toBeCloseTo(0.075, 2);
  });

  it('plays the very samples again at normal speed', () => {
    const { sound } = tones(...TRIAD);
    const mixer = playing({ speed: 0.7, semitones: -2 }, { kind: 'tones', sound });
    listen(mixer, RATE / 2);
    mixer.execute({ type: 'change', change: { speed: 1, semitones: 0 } });
    listen(mixer, 8 * QUANTUM);
    const { position } = mixer.report();
    const heard = listen(mixer, RATE / 2);
    expect(heard).toEqual(sound.slice(position, position + heard.length));
  });

  it('loops in the time that the loop takes at the speed', () => {
    const mixer = playing({ speed: 0.5, semitones: 0 }, snare(), tones(100));
    mixer.execute({ type: 'level', lane: 1, level: { left: 0.1, right: 0.1 } });
    mixer.execute({ type: 'loop', loop: { start: 0.2 * RATE, end: 0.6 * RATE } });
    const found = onsets(listen(mixer, 6 * RATE));
    const rounds = found.slice(1).map((at, index) => (at - (found[index] ?? 0)) / RATE);
    // at 0.8 s first, and then in each round of 0.8 s
    expect(found.length).toBeGreaterThanOrEqual(6);
    for (const seconds of rounds) expect(Math.abs(seconds - 0.8)).toBeLessThan(0.004);
  });

  it('starts at a new place at once after a seek', () => {
    const mixer = playing({ speed: 0.5, semitones: 0 }, snare());
    listen(mixer, RATE / 4);
    mixer.execute({ type: 'seek', move: 2, position: 1.55 * RATE });
    const [first = Infinity] = onsets(listen(mixer, RATE));
    // 0.05 s of the song, and the work before the first sample
    expect(first / RATE).toBeLessThan(0.1 + 0.06);
  });
});
