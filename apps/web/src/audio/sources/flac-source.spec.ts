import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeSamples, ffmpeg } from '../../../../../test/support/songs/songs.js';
import type { ReadPart } from '@app/flac';
import { FlacSource, type Decode } from './flac-source.js';

const SECONDS = 40;
const NEVER = new AbortController().signal;

describe(FlacSource.name, () => {
  let folder: string;
  let file: Uint8Array;
  let whole: Float32Array;
  let reads: [number, number][];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flac-'));
    const path = join(folder, 'stem.flac');
    // loud, silent and noisy parts make frames of very different sizes
    const tone = `sine=f=330:r=44100,volume='if(lt(mod(t,9),3),0,if(lt(mod(t,9),6),0.05,0.9))':eval=frame`;
    const noise = `anoisesrc=r=44100:a=0.4:seed=7,volume='lt(mod(t,13),5)':eval=frame`;
    const mixed = ['-filter_complex', `${tone}[a];${noise}[b];[a][b]amix=normalize=0,aformat=channel_layouts=stereo`];
    await ffmpeg(...mixed, '-t', `${SECONDS}.1`, '-sample_fmt', 's32', '-bits_per_raw_sample', '24', path);
    file = new Uint8Array(await readFile(path));
    whole = await decodeSamples(path);
  });

  afterAll(() => rm(folder, { recursive: true }));

  const open = (bytes = file): Promise<FlacSource> => {
    reads = [];
    const read: ReadPart = (start, end) => {
      reads.push([start, end]);
      return Promise.resolve({ bytes: bytes.subarray(start, end), total: bytes.length });
    };
    return FlacSource.open(read, decode, NEVER);
  };

  const decode: Decode = async (part) => {
    const path = join(folder, 'part.flac');
    await writeFile(path, new Uint8Array(part));
    const samples = await decodeSamples(path);
    return {
      length: samples.length / 2,
      getChannelData: (channel) => samples.filter((_, index) => index % 2 === channel),
    };
  };

  const expectSegment = async (sut: FlacSource, index: number): Promise<void> => {
    const { left, right } = await sut.segment(index, NEVER);
    const start = index * sut.segmentSamples;
    const at = Math.max(
      0,
      left.findIndex((sample, offset) => sample !== whole[2 * (start + offset)]),
    );
    expect([left[at], right[at]]).toEqual([whole[2 * (start + at)], whole[2 * (start + at) + 1]]);
    expect(left.length).toBe(Math.min(sut.segmentSamples, whole.length / 2 - start));
  };

  it('knows the length of the song', async () => {
    expect((await open()).samples).toBe(whole.length / 2);
  });

  it('reads every segment to the sample, one after the other', async () => {
    const sut = await open();
    const segments = Math.ceil(sut.samples / sut.segmentSamples);
    for (let index = 0; index < segments; index += 1) await expectSegment(sut, index);
    const bytes = reads.reduce((sum, [start, end]) => sum + Math.min(end, file.length) - start, 0);
    expect(bytes).toBeLessThan(file.length * 1.05);
  });

  it.each([11, 3, 7, 0, 9])('finds segment %i without reading everything before it', async (index) => {
    const sut = await open();
    await expectSegment(sut, index);
    const bytes = reads.reduce((sum, [start, end]) => sum + end - start, 0);
    expect(bytes).toBeLessThan(file.length / 2);
  });

  it('rejects a file that is not FLAC', async () => {
    await expect(open(new Uint8Array(5000))).rejects.toThrow('not a FLAC file');
  });

  it('rejects a truncated file', async () => {
    const sut = await open(file.slice(0, file.length / 2));
    await expect(sut.segment(11, NEVER)).rejects.toThrow();
  });
});
