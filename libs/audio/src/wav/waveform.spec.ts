import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { appendFile, truncate } from 'node:fs/promises';
import { computeWaveform, WORKING_RATE, WriteProgress } from '../index.js';
import { SongFolder } from '../songs.fixture.js';
import { floatWav } from '../../../../test/support/songs/wav.js';

describe(computeWaveform.name, () => {
  let songs: SongFolder;

  beforeAll(async () => {
    songs = await SongFolder.create();
  });

  afterAll(() => songs.remove());

  it('gives the peak of each 50 ms, in either channel and of either sign', async () => {
    const samples = new Float32Array(2 * (2205 * 3 + 1));
    samples[2 * 100] = 0.5;
    samples[2 * 2204 + 1] = -1;
    samples[2 * 2205] = 0.25;
    samples[2 * 2205 * 3] = -0.1;
    const path = await songs.write('marks.wav', floatWav(samples));
    expect(await computeWaveform({ vocals: path }, { gain: () => 1 })).toEqual({
      version: 1,
      sampleRate: WORKING_RATE,
      samplesPerPeak: 2205,
      samples: 2205 * 3 + 1,
      stems: { vocals: [127, 32, 0, 13] },
      // of two samples in 4410, one in 4410, and one in two
      rms: { vocals: [2, 0, 0, 9] },
    });
  });

  it('applies the gain, and clips at full scale', async () => {
    const path = await songs.write('loud.wav', floatWav(new Float32Array(4410 * 2).fill(3)));
    expect((await computeWaveform({ drums: path }, { gain: () => 0.1 })).stems['drums']).toEqual([38, 38]);
    expect((await computeWaveform({ drums: path }, { gain: () => 1 })).stems['drums']).toEqual([127, 127]);
  });

  it('draws at most 4000 peaks, and misses no sample of a long song', async () => {
    const length = WORKING_RATE * 240 + 11;
    const samples = new Float32Array(length * 2);
    const marks = [0, 131_071, 131_072, 5_000_000, length - 1];
    for (const mark of marks) samples[mark * 2] = 1;
    const path = await songs.write('long.wav', floatWav(samples));
    const { samplesPerPeak, stems } = await computeWaveform({ bass: path }, { gain: () => 1 });
    const peaks = stems['bass'] ?? [];
    expect(peaks.length).toBeLessThanOrEqual(4000);
    const heard = peaks.flatMap((peak, index) => (peak === 127 ? [index] : []));
    expect(heard).toEqual([...new Set(marks.map((mark) => Math.floor(mark / samplesPerPeak)))]);
  });

  it.each([1, 2205, 2206])('draws a stem of %i samples', async (count) => {
    const path = await songs.write('short.wav', floatWav(new Float32Array(count * 2).fill(1)));
    const { stems } = await computeWaveform({ other: path }, { gain: () => 1 });
    expect(stems['other']).toEqual(Array(Math.ceil(count / 2205)).fill(127));
  });

  it('rejects stems of different lengths, truncated files, and other formats', async () => {
    const one = await songs.write('one.wav', floatWav(new Float32Array(2000)));
    const two = await songs.write('two.wav', floatWav(new Float32Array(2002)));
    const mono = await songs.write('mono.wav', floatWav(new Float32Array(2000), 1));
    await expect(computeWaveform({ one, two }, { gain: () => 1 })).rejects.toThrow(RangeError);
    await expect(computeWaveform({ mono }, { gain: () => 1 })).rejects.toThrow(/not a float32 WAV/);
    await truncate(two, 5000);
    await expect(computeWaveform({ two }, { gain: () => 1 })).rejects.toThrow(/shorter than its header/);
  });

  it('follows growing stems, and asks for their gain when they are complete', async () => {
    const samples = Float32Array.from({ length: 2 * 9000 }, (_, at) => Math.sin(at / 50) * (at / 18_000));
    const bytes = floatWav(samples);
    const whole = await computeWaveform({ bass: await songs.write('whole.wav', bytes) }, { gain: () => 0.5 });
    const path = await songs.write('growing.wav', bytes.subarray(0, 44 + 8 * 4000));
    const written = new WriteProgress(9000);
    let gain = 1;
    const following = computeWaveform({ bass: path }, { gain: () => gain, written });
    written.advanceTo(4000);
    await appendFile(path, bytes.subarray(44 + 8 * 4000));
    gain = 0.5;
    written.advanceTo(9000);
    expect(await following).toEqual(whole);
  });

  it('stops when aborted', async () => {
    const path = await songs.write('abort.wav', floatWav(new Float32Array(2000)));
    const signal = AbortSignal.abort(new Error('cancelled'));
    await expect(computeWaveform({ path }, { gain: () => 1, signal })).rejects.toThrow('cancelled');
  });
});
