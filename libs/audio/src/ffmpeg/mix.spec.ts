import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { FORMATS, type Format } from '@app/separations';
import { Ffmpeg, type MixLane, type SeekableSource } from '../index.js';
import { findFfmpeg, floatWav, SongFolder, storedFile } from '../songs.fixture.js';
import { parseWavHeader } from '../wav/wav-header.js';

const LENGTH = 100_003;
const LIMITS = { maxDurationSeconds: 60 };
/** a step of 24 bits: what a master and what its mix is cut off below */
const STEP = 2 ** -23;

let sut: Ffmpeg;
let songs: SongFolder;

beforeAll(async () => {
  sut = new Ffmpeg(await findFfmpeg());
  songs = await SongFolder.create();
});

afterAll(() => songs.remove());

async function samplesOf(path: string): Promise<Float32Array> {
  const wav = songs.at('decoded.wav');
  await sut.decode(path, wav, LIMITS);
  const bytes = await readFile(wav);
  const data = bytes.subarray(parseWavHeader(bytes)?.dataOffset);
  return new Float32Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
}

describe('Ffmpeg.mix', () => {
  const stems = [30, 41, 53].map((period) =>
    Float32Array.from({ length: LENGTH * 2 }, (_, at) => Math.sin(at / period) * 0.5),
  );
  const sources: SeekableSource[] = [];

  beforeAll(async () => {
    for (const [index, samples] of stems.entries()) {
      const wavPath = await songs.write(`${index}.wav`, floatWav(samples));
      await sut.encode({ wavPath, gain: 1, destinations: { flac: songs.at(`${index}.flac`) } });
      sources.push((await storedFile(songs.at(`${index}.flac`))).seekable);
    }
  });

  const lane = (index: number, left: number, right = left): MixLane => {
    const source = sources[index];
    if (source === undefined) throw new RangeError(`no stem ${index}`);
    return { source, left, right };
  };
  const mix = async (format: Format, ...lanes: MixLane[]): Promise<{ bytes: Buffer; peakDb: number }> => {
    const rendered = await sut.mix(lanes, format);
    try {
      const bytes = await buffer(rendered.read());
      expect(bytes).toHaveLength(rendered.bytes);
      return { bytes, peakDb: rendered.peakDb };
    } finally {
      await rendered.close();
    }
  };

  it.each(['flac', 'wav'] as const)('is the weighted sum of the stems in %s, on each side', async (format) => {
    const { bytes, peakDb } = await mix(format, lane(0, 0.5, 0.25), lane(1, 0, 0.7), lane(2, 0.333333));
    const heard = await samplesOf(await songs.write(`mix.${format}`, bytes));
    const weights = [
      [0.5, 0, 0.333333],
      [0.25, 0.7, 0.333333],
    ];
    const expected = heard.map((_, at) =>
      stems.reduce((sum, stem, index) => sum + (stem[at] ?? 9) * (weights[at % 2]?.[index] ?? 9), 0),
    );
    expect(heard).toHaveLength(LENGTH * 2);
    expect(heard.reduce((most, sample, at) => Math.max(most, Math.abs(sample - (expected[at] ?? 9))), 0)).toBeLessThan(
      4 * STEP,
    );
    const loudest = expected.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    expect(peakDb).toBeCloseTo(20 * Math.log10(loudest), 3);
  });

  it('cuts off what is too loud, and says how loud it was', async () => {
    const { bytes, peakDb } = await mix('wav', lane(0, 2), lane(1, 2));
    const heard = await samplesOf(await songs.write('loud.wav', bytes));
    expect(heard.reduce((most, sample) => Math.max(most, sample), 0)).toBeCloseTo(1, 5);
    expect(peakDb).toBeGreaterThan(5);
  });

  it.each(FORMATS)('gives equal bytes for equal mixes as %s, of one stem too', async (format) => {
    const [one, two] = [await mix(format, lane(0, 1)), await mix(format, lane(0, 1))];
    expect(one.bytes.equals(two.bytes)).toBe(true);
  });

  it.each([-0.1, 2.1, Number.NaN])('refuses the level %p', async (level) => {
    await expect(mix('wav', lane(0, level))).rejects.toThrow(RangeError);
  });

  it('does not pass a part of a stem for the whole', async () => {
    const noise = Float32Array.from({ length: LENGTH * 2 }, (_, at) => Math.sin(at * at) * 0.5);
    const wavPath = await songs.write('noise.wav', floatWav(noise));
    await sut.encode({ wavPath, gain: 1, destinations: { flac: songs.at('noise.flac') } });
    const { seekable } = await storedFile(songs.at('noise.flac'));
    const broken: SeekableSource = {
      bytes: seekable.bytes,
      read: async (range) => {
        const stream = await seekable.read(range);
        stream.once('data', () => stream.destroy(new Error('store is away')));
        return stream;
      },
    };
    await expect(mix('wav', { source: broken, left: 1, right: 1 }, lane(1, 1))).rejects.toThrow('store is away');
  });
});

describe('Ffmpeg.original', () => {
  it.each([
    ['mp3', ['-b:a', '128k']],
    ['m4a', ['-c:a', 'aac']],
    ['ogg', ['-c:a', 'libvorbis']],
  ])('gives of a song as %s the samples that its stems were made of, with their gain', async (extension, encoder) => {
    const sound = 'aevalsrc=0.3*sin(2*PI*(200+300*t)*t)|0.4*sin(2*PI*(300+200*t)*t):s=44100:d=3.21';
    const path = await songs.make(`song.${extension}`, '-f', 'lavfi', '-i', sound, ...encoder);
    const wav = songs.at('working.wav');
    const { samples } = await sut.decode(path, wav, LIMITS);
    const working = await samplesOf(wav);
    const source = (await storedFile(path)).seekable;
    const flac = await sut.original({ source, samples, gain: 0.5 }, (stream) => buffer(stream));
    const heard = await samplesOf(await songs.write('original.flac', flac));
    expect(heard).toHaveLength(working.length);
    expect(
      heard.reduce((most, sample, at) => Math.max(most, Math.abs(sample - 0.5 * (working[at] ?? 9))), 0),
    ).toBeLessThan(STEP);
    const another = sut.original({ source, samples: samples + 1, gain: 1 }, (stream) => buffer(stream));
    await expect(another).rejects.toThrow(RangeError);
  });
});
