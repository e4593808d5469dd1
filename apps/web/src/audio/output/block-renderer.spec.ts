import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isDeepStrictEqual } from 'node:util';
import { findStretchLibrary } from '@app/stretch';
import { describe, expect, it } from '@jest/globals';
import type { Command } from '../mixing/protocol.js';
import { BlockRenderer } from './block-renderer.js';
import { BLOCK_SAMPLES, type Block } from './messages.js';

const SAMPLES = 100_000;

const PLAY: Command = { type: 'play', move: 1 };
const LIBRARY: Command = {
  type: 'stretch-library',
  library: findStretchLibrary(readFileSync(createRequire(import.meta.url).resolve('signalsmith-stretch'), 'utf8')),
};
const change = (speed: number): Command => ({ type: 'change', change: { speed, semitones: 0 } });
const QUIET: Command = { type: 'level', lane: 0, level: { left: 0.5, right: 0.25 } };

function loaded(): BlockRenderer {
  const left = Float32Array.from({ length: SAMPLES }, (_, at) => 0.25 * Math.sin(at / 30) + 0.1 * Math.sin(at / 7));
  const right = left.map((sample) => -sample);
  const sut = new BlockRenderer({ lanes: [{ segmentSamples: SAMPLES, kind: 'tones' }], samples: SAMPLES });
  sut.execute({ type: 'segment', lane: 0, index: 0, segment: { left, right } });
  sut.execute({ type: 'level', lane: 0, level: { left: 1, right: 1 } });
  return sut;
}

/** Renders the blocks up to `end`, with commands at the start of some. */
function render(sut: BlockRenderer, from: number, end: number, commands: Readonly<Record<number, Command[]>>): Block[] {
  return Array.from({ length: end - from }, (_, count) => sut.render(from + count, commands[from + count] ?? []));
}

describe(BlockRenderer.name, () => {
  it('renders blocks again as if the command had come before them', () => {
    const sut = loaded();
    const wanted = render(loaded(), 0, 20, { 0: [LIBRARY, PLAY], 6: [QUIET], 9: [change(0.75)] });
    render(sut, 0, 15, { 0: [LIBRARY, PLAY] });
    render(sut, 6, 18, { 6: [QUIET] });
    const again = render(sut, 9, 20, { 9: [change(0.75)] });
    expect(again.map(({ report }) => report)).toEqual(wanted.slice(9).map(({ report }) => report));
    expect(again.every(({ left }, at) => isDeepStrictEqual(left, wanted[9 + at]?.left))).toBe(true);
  });

  it('goes back in a stretched sound without a click, to the same place of the song', () => {
    const sut = loaded();
    const before = render(sut, 0, 30, { 0: [LIBRARY, change(0.75), PLAY] });
    const again = render(sut, 20, 40, { 20: [QUIET] });
    expect(again[9]?.report.position).toBe(before[29]?.report.position);
    const sounds = [...before.slice(5, 20), ...again].flatMap(({ left }) => [...left]);
    const steps = sounds.slice(1).map((sample, at) => Math.abs(sample - (sounds[at] ?? 0)));
    // the steepest part of the song, and a little more
    expect(Math.max(...steps)).toBeLessThan(0.028);
    const loudness = (part: readonly number[]): number =>
      Math.sqrt(part.reduce((sum, sample) => sum + sample ** 2, 0) / part.length);
    const joint = 15 * BLOCK_SAMPLES;
    expect(loudness(sounds.slice(0, joint)) / loudness(sounds.slice(joint + 12_000))).toBeCloseTo(2, 1);
  });

  it('keeps a command that came with a block which is rendered again', () => {
    const sut = loaded();
    render(sut, 0, 8, { 0: [PLAY] });
    render(sut, 4, 8, { 4: [{ type: 'seek', move: 2, position: 60_000 }] });
    const [block] = render(sut, 4, 5, { 4: [QUIET] });
    expect(block?.report).toMatchObject({ move: 2, playing: true });
    expect(block?.report.position).toBeGreaterThanOrEqual(60_000);
  });

  it('goes back no further than its blocks are kept', () => {
    const sut = loaded();
    render(sut, 0, 70, {});
    expect(() => sut.render(2, [])).toThrow('block 2 is not in reach');
    expect(sut.render(10, []).left.length).toBe(BLOCK_SAMPLES);
  });
});
