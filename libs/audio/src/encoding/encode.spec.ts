import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createReadStream, existsSync } from 'node:fs';
import { appendFile, readdir, readFile, stat, truncate } from 'node:fs/promises';
import { constants, getPriority, tmpdir } from 'node:os';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { FORMATS, type Format } from '@app/separations';
import { processesWith } from '../../../../test/support/service/process-list.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { hashFile } from '@app/storage';
import { Ffmpeg, FfmpegUnavailableError, WORKING_RATE, WriteProgress } from '../index.js';
import { findFfmpeg, maxDifference, SongFolder } from '../songs.fixture.js';
import { floatWav } from '../../../../test/support/songs/wav.js';
import { stemWavHeader } from '../wav/stem-wav-header.js';
import { parseWavHeader } from '../wav/wav-header.js';

const LENGTH = 100_003;

describe('Ffmpeg.encode', () => {
  let sut: Ffmpeg;
  let songs: SongFolder;
  let wavPath: string;
  const samples = Float32Array.from({ length: LENGTH * 2 }, (_, index) => Math.sin(index / 30) * 0.9);

  beforeAll(async () => {
    sut = new Ffmpeg(await findFfmpeg());
    songs = await SongFolder.create();
    wavPath = await songs.write('stem.wav', floatWav(samples));
  });

  afterAll(() => songs.remove());

  const encode = async (name: string, format: Format, gain = 1): Promise<string> => {
    await sut.encode({ wavPath, gain, destinations: { [format]: songs.at(name) } });
    return songs.at(name);
  };

  it.each(['flac', 'wav'] as const)('keeps every sample in %s to 24 bits, with the gain', async (format) => {
    const decoded = await songs.samplesOf(await encode(`gain.${format}`, format, 0.37));
    expect(decoded).toHaveLength(LENGTH * 2);
    const expected = samples.map((sample) => 0.37 * sample);
    // half a step, and the rounding of the 32-bit floats
    expect(maxDifference(decoded, expected)).toBeLessThan(0.8 * 2 ** -23);
  });

  it.each(FORMATS)('tells a full disk by the exit code: %s', async (format) => {
    const exitCode = 256 - constants.errno.ENOSPC;
    const encoded = sut.encode({ wavPath, gain: 1, destinations: { [format]: '/dev/full' } });
    await expect(encoded).rejects.toMatchObject({ exitCode });
  });

  it('writes 24 bits, and the same samples as flac and wav', async () => {
    const wav = await readFile(await encode('bits.wav', 'wav'));
    expect(parseWavHeader(wav)).toMatchObject({
      encoding: 'integer',
      bitsPerSample: 24,
      channels: 2,
      sampleRate: WORKING_RATE,
    });
    const flac = await readFile(await encode('bits.flac', 'flac'));
    // STREAMINFO: sample size minus one, five bits across two bytes
    expect((((flac[20] ?? 0) & 1) << 4) | ((flac[21] ?? 0) >> 4)).toBe(23);
    expect(await songs.samplesOf(songs.at('bits.flac'))).toEqual(await songs.samplesOf(songs.at('bits.wav')));
  });

  it('keeps the length and the alignment of a stem as mp3', async () => {
    const decoded = await songs.samplesOf(await encode('place.mp3', 'mp3'));
    expect(decoded).toHaveLength(LENGTH * 2);
    expect(maxDifference(decoded.slice(20_000, 40_000), samples.slice(20_000, 40_000))).toBeLessThan(0.02);
  });

  it.each(FORMATS)('gives equal bytes for equal samples as %s', async (format) => {
    const [one, two] = [await encode(`one.${format}`, format, 0.5), await encode(`two.${format}`, format, 0.5)];
    expect(await hashFile(one)).toEqual(await hashFile(two));
    expect((await readFile(one)).toString('latin1')).not.toMatch(/Lav[fc]\d/);
  });

  it.each([1, 4410])('encodes a stem of %i samples', async (count) => {
    const short = await songs.write('short-input.wav', floatWav(samples.slice(0, count * 2)));
    for (const format of FORMATS) {
      await sut.encode({ wavPath: short, gain: 1, destinations: { [format]: songs.at(`short.${format}`) } });
      const decoded = await songs.samplesOf(songs.at(`short.${format}`));
      // the first frame of an mp3 has 47 samples after the encoder's delay
      expect(decoded).toHaveLength(2 * (format === 'mp3' ? Math.max(count, 47) : count));
    }
  });

  it('rounds as with a gain in 64 bits: ties, the smallest floats and full scale', async () => {
    const step = 2 ** -23;
    const edges = [1, 1 - step / 2, 1 - step, step, step / 2, step / 4, 2 ** -31, 2 ** -32, 2 ** -149, 0, 1.5];
    const ties = Array.from({ length: 4096 }, (_, at) => (at * 1021 + 0.5) * step);
    const both = [...edges, ...ties, ...samples].flatMap((sample) => [sample, -sample]);
    const input = await songs.write('edges.wav', floatWav(Float32Array.from(both)));
    await sut.encode({ wavPath: input, gain: 1, destinations: { flac: songs.at('edges.flac') } });
    const filter = `volume=1:precision=double,dcshift=shift=${step / 2}`;
    const format = ['-sample_fmt', 's32', '-bits_per_raw_sample', '24', '-frame_size', '4096'];
    const plain = ['-map_metadata', '-1', '-bitexact'];
    const expected = await songs.make('expected.flac', '-i', input, '-af', filter, ...plain, ...format);
    expect(await hashFile(songs.at('edges.flac'))).toEqual(await hashFile(expected));
  });

  it('keeps silence silent', async () => {
    const silence = await songs.write('silence.wav', floatWav(new Float32Array(20_000)));
    await sut.encode({ wavPath: silence, gain: 0.5, destinations: { flac: songs.at('silence.flac') } });
    expect((await songs.samplesOf(songs.at('silence.flac'))).every((sample) => sample === 0)).toBe(true);
  });

  it.each([0, -1, 1.1, Number.NaN])('rejects the gain %p', async (gain) => {
    await expect(sut.encode({ wavPath, gain, destinations: { flac: songs.at('x.flac') } })).rejects.toThrow(RangeError);
  });

  describe('with a growing stem', () => {
    const header = 44;
    const everyFormat = (name: string): Record<Format, string> => ({
      flac: songs.at(`${name}.flac`),
      mp3: songs.at(`${name}.mp3`),
      wav: songs.at(`${name}.wav`),
    });

    it('gives the same bytes as each format alone from a complete stem', async () => {
      const bytes = floatWav(samples);
      const growing = await songs.write('growing.wav', bytes.subarray(0, header));
      const written = new WriteProgress(LENGTH);
      const destinations = everyFormat('followed');
      const encoding = sut.encode({ wavPath: growing, gain: 0.5, destinations }, { written });
      for (let at = 0; at < LENGTH; at += 30_001) {
        await appendFile(growing, bytes.subarray(header + at * 8, header + (at + 30_001) * 8));
        written.advanceTo(Math.min(at + 30_001, LENGTH));
      }
      await encoding;
      for (const format of FORMATS) {
        expect(await hashFile(destinations[format])).toEqual(
          await hashFile(await encode(`alone.${format}`, format, 0.5)),
        );
      }
    });

    it('keeps every sample of a stem that arrives in many blocks', async () => {
      const length = 1_000_003;
      // exact in 24 bits, and never repeats for long
      const noise = Float32Array.from(
        { length: length * 2 },
        (_, index) => (((index * 7919) % 65_537) - 32_768) / 2 ** 16,
      );
      const bytes = floatWav(noise);
      const growing = await songs.write('long.wav', bytes.subarray(0, header));
      const written = new WriteProgress(length);
      const destinations = { flac: songs.at('long.flac') };
      const encoding = sut.encode({ wavPath: growing, gain: 1, destinations }, { written });
      for (const end of [1, 32_769, 200_000, 200_001, length]) {
        await appendFile(growing, bytes.subarray((await stat(growing)).size, header + end * 8));
        written.advanceTo(end);
      }
      await encoding;
      const decoded = await songs.samplesOf(destinations.flac);
      expect(decoded.findIndex((sample, at) => sample !== noise[at])).toBe(-1);
      expect(decoded).toHaveLength(length * 2);
    });

    it('waits for the rest of the stem until its signal aborts', async () => {
      const written = new WriteProgress(LENGTH);
      const stop = new AbortController();
      const destinations = everyFormat('unfinished');
      const encoding = sut.encode({ wavPath, gain: 1, destinations }, { written, signal: stop.signal });
      written.advanceTo(LENGTH - 1);
      const outcome = Promise.race([encoding, waitUntil('it writes', () => existsSync(destinations.flac))]);
      expect(await outcome).toBe(true);
      stop.abort(new Error('cancelled'));
      await expect(encoding).rejects.toThrow('cancelled');
    });

    it('fails with its encoder instead of waiting for the rest of the stem', async () => {
      const written = new WriteProgress(LENGTH);
      const waiting = jest.spyOn(written, 'waitBeyond');
      const stop = new AbortController();
      const destinations = { flac: songs.at('killed.flac') };
      written.advanceTo(1);
      const encoding = sut.encode({ wavPath, gain: 1, destinations }, { written, signal: stop.signal });
      await waitUntil('it waits for more', () => waiting.mock.calls.some(([samples]) => samples === 1));
      const pid = await waitUntil('it runs', () => processesWith(destinations.flac)[0]);
      process.kill(pid, 'SIGKILL');
      await expect(encoding).rejects.toThrow(FfmpegUnavailableError);
      stop.abort();
    });

    it('rejects a stem whose header announces another length', async () => {
      const written = new WriteProgress(LENGTH + 1);
      written.advanceTo(1);
      const encoding = sut.encode({ wavPath, gain: 1, destinations: { flac: songs.at('x.flac') } }, { written });
      await expect(encoding).rejects.toThrow(/announces 100003 samples instead of 100004/);
    });

    it('rejects a complete stem that is shorter than its header says', async () => {
      const cut = await songs.write('cut.wav', floatWav(samples).subarray(0, -8));
      const written = new WriteProgress(LENGTH);
      written.advanceTo(LENGTH);
      const encoding = sut.encode({ wavPath: cut, gain: 1, destinations: { flac: songs.at('x.flac') } }, { written });
      await expect(encoding).rejects.toThrow(/cut\.wav is shorter than its header says/);
    });

    it('runs at low priority', async () => {
      const written = new WriteProgress(LENGTH);
      const stop = new AbortController();
      const destinations = { flac: songs.at('polite.flac') };
      const encoding = sut.encode({ wavPath, gain: 1, destinations }, { written, signal: stop.signal });
      const find = (): number | undefined => processesWith(destinations.flac)[0];
      const pid = await waitUntil('it runs', find);
      expect(getPriority(pid)).toBeGreaterThanOrEqual(constants.priority.PRIORITY_BELOW_NORMAL);
      stop.abort(new Error('cancelled'));
      await expect(encoding).rejects.toThrow('cancelled');
    });
  });

  describe('Ffmpeg.transcode', () => {
    const ownTemporaryFiles = async (): Promise<string[]> =>
      (await readdir(tmpdir())).filter((name) => name.startsWith('stem-'));
    const transcode = async (format: 'mp3' | 'wav', path: string): Promise<Buffer> =>
      sut.transcode({ stream: createReadStream(path), samples: LENGTH }, format, (encoded: Readable) =>
        buffer(encoded),
      );

    it.each(['mp3', 'wav'] as const)('keeps the length of a master as %s, and leaves no file', async (format) => {
      const before = await ownTemporaryFiles();
      const bytes = await transcode(format, await encode('master.flac', 'flac'));
      const path = await songs.write(`again.${format}`, bytes);
      expect(await songs.samplesOf(path)).toHaveLength(LENGTH * 2);
      if (format === 'wav') expect(await songs.samplesOf(path)).toEqual(await songs.samplesOf(songs.at('master.flac')));
      expect(await ownTemporaryFiles()).toEqual(before);
    });

    it('rejects a truncated master', async () => {
      const flac = await encode('cut.flac', 'flac');
      await truncate(flac, 20_000);
      await expect(transcode('wav', flac)).rejects.toThrow(/instead of the 100003 in its manifest/);
    });

    it.each(['mp3', 'wav'] as const)('fails as %s with the error of its master', async (format) => {
      const flac = await readFile(await encode(`failing.${format}.flac`, 'flac'));
      const failing = async function* (): AsyncGenerator<Buffer> {
        yield flac.subarray(0, 60_000);
        await Promise.reject(new Error('the store went away'));
      };
      const master = { stream: Readable.from(failing()), samples: LENGTH };
      await expect(sut.transcode(master, format, (encoded) => buffer(encoded))).rejects.toThrow('the store went away');
    });

    it('fails with the error of its reader', async () => {
      const master = { stream: createReadStream(await encode('reader.flac', 'flac')), samples: LENGTH };
      const reader = async (encoded: Readable): Promise<void> => {
        encoded.destroy();
        return Promise.reject(new Error('store is away'));
      };
      await expect(sut.transcode(master, 'wav', reader)).rejects.toThrow('store is away');
    });
  });
});

describe(stemWavHeader.name, () => {
  it('states the length of the samples', () => {
    const header = stemWavHeader(1000);
    expect(parseWavHeader(header)).toMatchObject({ dataBytes: 6000, dataOffset: header.length, bitsPerSample: 24 });
    expect(header.readUInt32LE(4)).toBe(header.length - 8 + 6000);
  });

  it('is an RF64 header above 4 GiB', () => {
    const header = stemWavHeader(800_000_000);
    expect(header.toString('latin1', 0, 4)).toBe('RF64');
    expect(parseWavHeader(header)).toMatchObject({ dataBytes: 4_800_000_000, dataOffset: header.length });
    expect(Number(header.readBigUInt64LE(20))).toBe(header.length - 8 + 4_800_000_000);
  });
});
