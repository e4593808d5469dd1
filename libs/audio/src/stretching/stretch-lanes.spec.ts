import { describe, expect, it } from '@jest/globals';
import { loadStretchLibrary } from './load-library.js';
import { stretchLanes, type Stretching } from './stretch-lanes.js';

const library = loadStretchLibrary();
const FRAMES = 20_001;

/** Frames of as many channels, each with a tone of its own, as bytes in pieces that split samples. */
function* pieces(channels: number): Generator<Buffer> {
  const samples = Float32Array.from({ length: FRAMES * channels }, (_, at) =>
    Math.sin((Math.floor(at / channels) * ((at % channels) + 1)) / 40),
  );
  const bytes = Buffer.from(samples.buffer);
  for (let at = 0; at < bytes.length; at += 9999) yield bytes.subarray(at, at + 9999);
}

async function result(channels: number, stretching: Stretching): Promise<Float32Array> {
  const chunks: Buffer[] = [];
  async function* input(): AsyncGenerator<Buffer> {
    yield* pieces(channels);
    await Promise.resolve();
  }
  for await (const chunk of stretchLanes(input(), library, stretching)) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

describe(stretchLanes.name, () => {
  it('adds up what it does not change, whatever the pieces', async () => {
    const sum = await result(4, { kinds: ['hits', 'tones'], change: { speed: 1, semitones: 0 } });
    const wanted = Float32Array.from({ length: 2 * FRAMES }, (_, at) => {
      const [frame, side] = [Math.floor(at / 2), at % 2];
      return Math.fround(Math.sin((frame * (side + 1)) / 40)) + Math.fround(Math.sin((frame * (side + 3)) / 40));
    });
    expect(sum).toEqual(wanted);
  });

  it('gives lanes of both kinds one length', async () => {
    const sum = await result(4, { kinds: ['tones', 'hits'], change: { speed: 0.7, semitones: 3 } });
    expect(sum).toHaveLength(2 * Math.round(FRAMES / 0.7));
  });

  it('transposes tones and no hits', async () => {
    const change = { speed: 1, semitones: 12 };
    const plain = await result(2, { kinds: ['hits'], change: { speed: 1, semitones: 0 } });
    expect(await result(2, { kinds: ['hits'], change })).toEqual(plain);
    expect(await result(2, { kinds: ['tones'], change })).not.toEqual(plain);
  });
});
