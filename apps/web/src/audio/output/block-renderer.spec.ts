import { describe, expect, it } from '@jest/globals';
import type { Command } from '../mixing/protocol.js';
import { BlockRenderer } from './block-renderer.js';
import { BLOCK_SAMPLES, type Block } from './messages.js';

const SAMPLES = 100_000;

const PLAY: Command = { type: 'play', move: 1 };
const SLOW: Command = { type: 'speed', speed: 0.75 };
const QUIET: Command = { type: 'level', lane: 0, level: { left: 0.5, right: 0.25 } };

function loaded(): BlockRenderer {
  const left = Float32Array.from({ length: SAMPLES }, (_, at) => 0.25 * Math.sin(at / 30) + 0.1 * Math.sin(at / 7));
  const right = left.map((sample) => -sample);
  const sut = new BlockRenderer({ segmentSamples: [SAMPLES], samples: SAMPLES });
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
    const wanted = render(loaded(), 0, 20, { 0: [PLAY, SLOW], 6: [QUIET], 9: [{ type: 'speed', speed: 1 }] });
    render(sut, 0, 15, { 0: [PLAY, SLOW] });
    render(sut, 6, 18, { 6: [QUIET] });
    const again = render(sut, 9, 20, { 9: [{ type: 'speed', speed: 1 }] });
    expect(again).toEqual(wanted.slice(9));
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
