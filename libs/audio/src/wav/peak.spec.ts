import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SongFolder } from '../songs.fixture.js';
import { floatWav } from '../../../../test/support/songs/wav.js';
import { measurePeak } from './peak.js';

const { signal } = new AbortController();
/** more than is read at once */
const SAMPLES = 61 * 44_100;

describe(measurePeak.name, () => {
  let songs: SongFolder;

  beforeAll(async () => {
    songs = await SongFolder.create();
  });

  afterAll(() => songs.remove());

  it.each([
    ['of the last sample', 2 * SAMPLES - 1, 0.75],
    ['above full scale, of the first sample', 0, 2],
    ['of either sign', 2 * 44_100, -0.5],
    ['that is as large as a sample can be', 4321, 3.4e38],
  ])('finds a peak %s', async (_, at, sample) => {
    const samples = new Float32Array(2 * SAMPLES).fill(0.25);
    samples[at] = sample;
    const path = await songs.write('peak.wav', floatWav(samples));
    expect(await measurePeak(path, signal)).toBe(Math.abs(Math.fround(sample)));
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('is not finite where a sample is %p', async (sample) => {
    const samples = new Float32Array(2 * SAMPLES);
    samples[SAMPLES] = sample;
    const path = await songs.write('broken.wav', floatWav(samples));
    expect(Number.isFinite(await measurePeak(path, signal))).toBe(false);
  });
});
