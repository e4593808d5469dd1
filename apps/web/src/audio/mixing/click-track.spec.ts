import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import { findStretchLibrary } from '@app/stretch';
import { BlockRenderer } from '../output/block-renderer.js';
import { BLOCK_SAMPLES } from '../output/messages.js';
import { ClickTrack } from './click-track.js';
import type { Command } from './protocol.js';

const RATE = 44_100;
const SAMPLES = 8 * RATE;
/** uneven, like those of a band */
const BEATS = Array.from({ length: 14 }, (_, beat) => 11_025 + 22_050 * beat + ((beat * 37) % 11));
const INTERVAL = 22_050;

const LIBRARY: Command = {
  type: 'stretch-library',
  library: findStretchLibrary(readFileSync(createRequire(import.meta.url).resolve('signalsmith-stretch'), 'utf8')),
};
const change = (speed: number): Command => ({ type: 'change', change: { speed, semitones: 0 } });
const CLICK: Command = { type: 'click', isOn: true };
const PLAY: Command = { type: 'play', move: 1 };

/** A silent song with beats: what is heard are the clicks. */
function silentSong(): BlockRenderer {
  const renderer = new BlockRenderer({ samples: SAMPLES, lanes: [{ kind: 'tones', segmentSamples: SAMPLES }] });
  const left = new Float32Array(SAMPLES);
  renderer.execute({ type: 'segment', lane: 0, index: 0, segment: { left, right: left } });
  renderer.execute({ type: 'level', lane: 0, level: { left: 1, right: 1 } });
  renderer.execute({ type: 'beats', beats: BEATS });
  renderer.execute(LIBRARY);
  return renderer;
}

/** Plays from a sample on. @returns the samples at which clicks begin, from the start of the song's sound */
function clicksOf(from: number, seconds: number, ...commands: readonly Command[]): number[] {
  const renderer = silentSong();
  renderer.render(0, [...commands, { type: 'seek', move: 1, position: from }]);
  // a stretched sound is prepared in silence
  renderer.render(1, []);
  return beginnings(renderer, 2, seconds, [PLAY]);
}

/** Divisions are not exact. */
function firstSampleAt(place: number): number {
  return Math.max(0, Math.ceil(place - 1e-6));
}

function beginnings(renderer: BlockRenderer, first: number, seconds: number, commands: readonly Command[]): number[] {
  const found: number[] = [];
  let quiet = 1000;
  for (let index = first; (index - first) * BLOCK_SAMPLES < seconds * RATE; index += 1) {
    renderer.render(index, index === first ? commands : []).left.forEach((sample, at) => {
      if (sample !== 0 && quiet > 300) found.push((index - first) * BLOCK_SAMPLES + at);
      quiet = sample === 0 ? quiet + 1 : 0;
    });
  }
  return found;
}

describe(ClickTrack.name, () => {
  it.each([1, 0.25, 0.7, 1.3, 2])('clicks at the very sample of each beat at speed %d', (speed) => {
    const wanted = BEATS.filter((beat) => beat < 3.5 * RATE * speed).map((beat) => firstSampleAt(beat / speed));
    expect(clicksOf(0, 3.5, CLICK, change(speed))).toEqual(wanted);
  });

  it('clicks at a beat from which it starts', () => {
    expect(clicksOf(BEATS[3] ?? 0, 0.5, CLICK)).toEqual([0, (BEATS[4] ?? 0) - (BEATS[3] ?? 0)]);
  });

  it.each([1, 0.7, 1.3])('clicks once a round in a loop from beat to beat at speed %d', (speed) => {
    const [start, end] = [BEATS[2] ?? 0, BEATS[4] ?? 0];
    const found = clicksOf(start, 6, CLICK, change(speed), { type: 'loop', loop: { start, end } });
    const ideal = found.map((_, index) => {
      const round = Math.floor(index / 2) * (end - start);
      return (round + (index % 2 === 0 ? 0 : (BEATS[3] ?? 0) - start)) / speed;
    });
    expect(found.length).toBeGreaterThan(7);
    expect(found).toEqual(ideal.map(firstSampleAt));
  });

  it('keeps the beat while the speed changes', () => {
    const renderer = silentSong();
    const before = beginnings(renderer, 0, 2, [CLICK, PLAY]);
    const changed = beginnings(renderer, 58, 3, [change(0.5)]);
    expect(before.length).toBe(4);
    // the change takes a part of a second, and loses no beat
    expect(changed.length).toBe(3);
    expect((changed[2] ?? 0) - (changed[1] ?? 0)).toBe(2 * ((BEATS[6] ?? 0) - (BEATS[5] ?? 0)));
  });

  it('renders the same clicks again after it went back', () => {
    const renderer = silentSong();
    const once = beginnings(renderer, 0, 2, [CLICK, PLAY]);
    renderer.render(10, []);
    const again = beginnings(renderer, 11, 2 - (11 * BLOCK_SAMPLES) / RATE, []);
    expect(again.map((at) => at + 11 * BLOCK_SAMPLES)).toEqual(once.filter((at) => at >= 11 * BLOCK_SAMPLES));
  });

  it.each([1, 0.5])('counts in with four clicks that lead to the next beat at speed %d', (speed) => {
    const from = BEATS[5] ?? 0;
    const renderer = silentSong();
    renderer.render(0, [CLICK, change(speed), { type: 'seek', move: 1, position: from - 100 }]);
    renderer.render(1, []);
    const found = beginnings(renderer, 2, 4.5 / speed, [{ type: 'play', move: 1, countIn: true }]);
    const steps = found.slice(1).map((at, index) => at - (found[index] ?? 0));
    for (const step of steps.slice(0, 4)) expect(Math.abs(step - INTERVAL / speed)).toBeLessThanOrEqual(11 / speed);
    // the song begins, and its first beat comes in time
    expect(found[4]).toBeLessThan((4 * INTERVAL) / speed + 256);
    expect(found.length).toBeGreaterThan(6);
  });

  it('counts in nowhere without a tempo', () => {
    expect(clicksOf(0, 1, { type: 'beats', beats: [] })).toEqual([]);
  });
});
