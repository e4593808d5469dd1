import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Ffmpeg, resolveFfmpeg, WORKING_RATE } from '@app/audio';
import { loadWorkerConfig } from '@app/config';
import { FORMATS } from '@app/separations';
import { processesWith } from '../../../../../test/support/service/process-list.js';
import { decodeSamples } from '../../../../../test/support/songs/songs.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';
import { writeWav } from '../../../test/chord-wav.js';
import { StemFiles } from './stem-files.js';
import { encodeStems, type EncodedStem } from './encode.step.js';

const SECONDS = 3;
const SAMPLES = SECONDS * WORKING_RATE;
const HEADER = 44;

describe(encodeStems.name, () => {
  let folder: string;
  let sut: Ffmpeg;
  let stems: StemFiles;
  let bytes: Buffer;
  let stop: AbortController;
  let encoded: EncodedStem[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'encode-'));
    const { audio } = loadWorkerConfig({});
    sut = new Ffmpeg(await resolveFfmpeg(audio));
    stems = new StemFiles(join(folder, 'stems'), ['vocals', 'drums'], SAMPLES);
    stop = new AbortController();
    encoded = [];
    await mkdir(stems.folder);
    await writeWav(join(folder, 'chord.wav'), SECONDS);
    bytes = await readFile(join(folder, 'chord.wav'));
    for (const name of stems.names) await writeFile(stems.pathOf(name), bytes.subarray(0, HEADER));
  });

  afterEach(async () => {
    expect(processesWith(folder)).toEqual([]);
    await rm(folder, { recursive: true });
  });

  const begin = (): Promise<void> =>
    encodeStems(sut, { formats: [...FORMATS] }, stems, { scratch: folder, signal: stop.signal }, (file) => {
      encoded.push(file);
    });

  const grow = async (from: number, to: number, gainDb: number): Promise<void> => {
    const block = bytes.subarray(HEADER + from * 8, HEADER + to * 8);
    for (const name of stems.names) await appendFile(stems.pathOf(name), block);
    stems.update({ writtenSamples: to, gainDb });
  };

  const untilEncodersRun = (): Promise<true> =>
    waitUntil('both encoders run', () => processesWith(join(folder, '')).length === 2);

  it('starts with the first samples, and finishes every format of every stem with the last', async () => {
    const encoding = begin();
    await grow(0, SAMPLES - 1, 0);
    await untilEncodersRun();
    expect(encoded).toEqual([]);
    await grow(SAMPLES - 1, SAMPLES, 0);
    await encoding;
    expect(encoded.map(({ stem, format }) => `${stem}.${format}`).sort()).toEqual([
      ...['drums.flac', 'drums.mp3', 'drums.wav'],
      ...['vocals.flac', 'vocals.mp3', 'vocals.wav'],
    ]);
  });

  it('encodes everything with the last gain, however often it changed', async () => {
    const encoding = begin();
    const steps = [0, -1, -4, -4, -9];
    for (const [index, gainDb] of steps.entries()) {
      await grow((SAMPLES / 5) * index, (SAMPLES / 5) * (index + 1), gainDb);
      if (index < steps.length - 1) await untilEncodersRun();
    }
    await encoding;
    const sound = bytes.subarray(HEADER);
    const gain = 10 ** (-9 / 20);
    for (const { format, path } of encoded.filter((file) => file.format !== 'mp3')) {
      const samples = await decodeSamples(path);
      expect([format, samples.length]).toEqual([format, SAMPLES * 2]);
      for (const at of [0, 10_001, SAMPLES, SAMPLES * 2 - 1]) {
        expect(samples[at]).toBeCloseTo(sound.readFloatLE(at * 4) * gain, 5);
      }
    }
    expect(encoded).toHaveLength(6);
  });

  it('encodes the stems of a fast engine once, whatever their gain was before', async () => {
    const encode = jest.spyOn(sut, 'encode');
    const encoding = begin();
    await grow(0, SAMPLES / 2, 0);
    await setImmediate();
    await grow(SAMPLES / 2, SAMPLES, -1);
    await encoding;
    expect(encode).toHaveBeenCalledTimes(2);
    expect(encoded).toHaveLength(6);
  });

  it('leaves no encoder running when it is cancelled or one of them fails', async () => {
    const cancelled = begin();
    await grow(0, 1000, 0);
    await untilEncodersRun();
    stop.abort(new Error('cancelled'));
    await expect(cancelled).rejects.toThrow('cancelled');
    expect(processesWith(folder)).toEqual([]);
    stop = new AbortController();
    await rm(stems.pathOf('drums'));
    await expect(begin()).rejects.toThrow(/ENOENT/);
  });
});
