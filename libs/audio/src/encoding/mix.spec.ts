import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { buffer } from 'node:stream/consumers';
import { FORMATS, type Format } from '@app/separations';
import { Ffmpeg, type MixLane, type SeekableSource } from '../index.js';
import { findFfmpeg, maxDifference, readFloats, SongFolder, storedFile } from '../songs.fixture.js';
import { floatWav } from '../../../../test/support/songs/wav.js';

const LENGTH = 100_003;
/** one 24-bit step: the resolution of a master and of a mix */
const STEP = 2 ** -23;

let sut: Ffmpeg;
let songs: SongFolder;

beforeAll(async () => {
  sut = new Ffmpeg(await findFfmpeg());
  songs = await SongFolder.create();
});

afterAll(() => songs.remove());

describe('Ffmpeg.mix', () => {
  const stems = [30, 41, 53].map((period) =>
    Float32Array.from({ length: LENGTH * 2 }, (_, at) => Math.sin(at / period) * 0.5),
  );
  const sources: SeekableSource[] = [];

  beforeAll(async () => {
    for (const [index, samples] of stems.entries()) {
      const wavPath = await songs.write(`${index}.wav`, floatWav(samples));
      await sut.encode({ wavPath, gain: 1, destinations: { flac: songs.at(`${index}.flac`) } });
      sources.push(await storedFile(songs.at(`${index}.flac`)));
    }
  });

  const lane = (index: number, left: number, right = left): MixLane => {
    const source = sources[index];
    if (source === undefined) throw new RangeError(`no stem ${index}`);
    return { source, kind: 'tones', left, right };
  };
  const mix = async (format: Format, ...lanes: MixLane[]): Promise<{ bytes: Buffer; peakDb: number }> => {
    const rendered = await sut.mix({ lanes, format, change: { speed: 1, semitones: 0 } });
    try {
      const bytes = await buffer(rendered.read());
      expect(bytes).toHaveLength(rendered.bytes);
      return { bytes, peakDb: rendered.peakDb };
    } finally {
      await rendered.close();
    }
  };

  it.each(['flac', 'wav'] as const)('renders the weighted sum of the stems as %s, on each side', async (format) => {
    const { bytes, peakDb } = await mix(format, lane(0, 0.5, 0.25), lane(1, 0, 0.7), lane(2, 0.333333));
    const heard = await songs.samplesOf(await songs.write(`mix.${format}`, bytes));
    const weights = [
      [0.5, 0, 0.333333],
      [0.25, 0.7, 0.333333],
    ];
    const expected = heard.map((_, at) =>
      stems.reduce((sum, stem, index) => sum + (stem[at] ?? 9) * (weights[at % 2]?.[index] ?? 9), 0),
    );
    expect(heard).toHaveLength(LENGTH * 2);
    expect(maxDifference(heard, expected)).toBeLessThan(4 * STEP);
    const loudest = expected.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    expect(peakDb).toBeCloseTo(20 * Math.log10(loudest), 3);
  });

  it('clips a loud mix, and reports its peak', async () => {
    const { bytes, peakDb } = await mix('wav', lane(0, 2), lane(1, 2));
    const heard = await songs.samplesOf(await songs.write('loud.wav', bytes));
    expect(heard.reduce((most, sample) => Math.max(most, sample), 0)).toBeCloseTo(1, 5);
    expect(peakDb).toBeGreaterThan(5);
  });

  it.each(FORMATS)('gives equal bytes for equal mixes as %s', async (format) => {
    const [one, two] = [await mix(format, lane(0, 1)), await mix(format, lane(0, 1))];
    expect(one.bytes.equals(two.bytes)).toBe(true);
  });

  it.each([-0.1, 2.1, Number.NaN])('rejects the level %p', async (level) => {
    await expect(mix('wav', lane(0, level))).rejects.toThrow(RangeError);
  });

  it('fails when a stem cannot be read to its end', async () => {
    const noise = Float32Array.from({ length: LENGTH * 2 }, (_, at) => Math.sin(at * at) * 0.5);
    const wavPath = await songs.write('noise.wav', floatWav(noise));
    await sut.encode({ wavPath, gain: 1, destinations: { flac: songs.at('noise.flac') } });
    const seekable = await storedFile(songs.at('noise.flac'));
    const broken: SeekableSource = {
      bytes: seekable.bytes,
      read: async (range) => {
        const stream = await seekable.read(range);
        stream.once('data', () => stream.destroy(new Error('store is away')));
        return stream;
      },
    };
    await expect(mix('wav', { ...lane(0, 1), source: broken }, lane(1, 1))).rejects.toThrow('store is away');
  });
});

describe('Ffmpeg.decodeOriginal', () => {
  it.each([
    ['mp3', ['-b:a', '128k']],
    ['m4a', ['-c:a', 'aac']],
    ['ogg', ['-c:a', 'libvorbis']],
  ])('decodes a song as %s to the samples of its stems, with their gain', async (extension, encoder) => {
    const sound = 'aevalsrc=0.3*sin(2*PI*(200+300*t)*t)|0.4*sin(2*PI*(300+200*t)*t):s=44100:d=3.21';
    const path = await songs.make(`song.${extension}`, '-f', 'lavfi', '-i', sound, ...encoder);
    const { samples } = await sut.decode(path, songs.at('mix.wav'), { maxDurationSeconds: 60 });
    const working = await readFloats(songs.at('mix.wav'));
    const source = await storedFile(path);
    const flac = await sut.decodeOriginal({ source, samples, gain: 0.5 }, (stream) => buffer(stream));
    const heard = await songs.samplesOf(await songs.write('original.flac', flac));
    expect(heard).toHaveLength(working.length);
    const expected = working.map((sample) => 0.5 * sample);
    expect(maxDifference(heard, expected)).toBeLessThan(STEP);
    const another = sut.decodeOriginal({ source, samples: samples + 1, gain: 1 }, (stream) => buffer(stream));
    await expect(another).rejects.toThrow(RangeError);
  });
});
