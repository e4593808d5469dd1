import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadApiConfig } from '@app/config';
import { runProcess } from '@app/processes';
import { Ffmpeg, resolveFfmpeg, WORKING_CHANNELS, WORKING_RATE, type SeekableSource } from './index.js';
import { floatsOf } from './wav/wav-scanner.js';
import { parseWavHeader } from './wav/wav-header.js';

let found: Promise<string> | undefined;

export function findFfmpeg(): Promise<string> {
  return (found ??= resolveFfmpeg(loadApiConfig().audio));
}

/** A folder of songs made by the real ffmpeg, for specs. */
export class SongFolder {
  private constructor(readonly path: string) {}

  static async create(): Promise<SongFolder> {
    return new SongFolder(await mkdtemp(join(tmpdir(), 'songs-')));
  }

  at(name: string): string {
    return resolve(this.path, name);
  }

  /** @param args of ffmpeg, before the output file */
  async make(name: string, ...args: readonly string[]): Promise<string> {
    const common = ['-nostdin', '-y', '-v', 'error', '-bitexact'];
    const env = { HOME: this.path };
    await runProcess(await findFfmpeg(), [...common, ...args, this.at(name)], {
      timeoutMs: 60_000,
      cwd: this.path,
      env,
    });
    return this.at(name);
  }

  async write(name: string, ...parts: readonly (Uint8Array | string)[]): Promise<string> {
    await writeFile(this.at(name), Buffer.concat(parts.map((part) => Buffer.from(part))));
    return this.at(name);
  }

  /** Decodes any audio file; interleaved stereo samples at 44.1 kHz. */
  async samplesOf(path: string): Promise<Float32Array> {
    const wav = this.at('decoded.wav');
    await new Ffmpeg(await findFfmpeg()).decode(path, wav, { maxDurationSeconds: 60 });
    return readFloats(wav);
  }

  remove(): Promise<void> {
    return rm(this.path, { recursive: true, force: true });
  }
}

/** arguments for a tone on both channels, slightly louder on the right */
export function tone(seconds: number, rate = WORKING_RATE): string[] {
  const sound = `0.3*sin(2*PI*440*t)|0.4*sin(2*PI*440*t)`;
  return ['-f', 'lavfi', '-i', `aevalsrc=${sound}:s=${rate}:d=${seconds}`];
}

/** Reads a file as the store reads an object, and records the ranges. */
export async function storedFile(path: string): Promise<{ seekable: SeekableSource & { ranges: string[] } }> {
  const { size } = await stat(path);
  const ranges: string[] = [];
  const read: SeekableSource['read'] = ({ start, end }) => {
    ranges.push(`${start}-${end}`);
    return Promise.resolve(createReadStream(path, { start, end }));
  };
  return { seekable: { bytes: size, read, ranges } };
}

/** The interleaved samples of a float32 WAV. */
export async function readFloats(path: string): Promise<Float32Array> {
  const bytes = await readFile(path);
  const data = bytes.subarray(parseWavHeader(bytes)?.dataOffset);
  return floatsOf(data, data.length / 4);
}

/** the largest difference between two equally long lists of samples */
export function maxDifference(some: ArrayLike<number>, others: ArrayLike<number>): number {
  return Array.from(some).reduce((most, sample, at) => Math.max(most, Math.abs(sample - (others[at] ?? NaN))), 0);
}

/** Builds a float32 WAV of interleaved samples. @param dataBytes length in the header */
export function floatWav(
  samples: Float32Array,
  channels = WORKING_CHANNELS,
  rate = WORKING_RATE,
  dataBytes = samples.byteLength,
): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF....WAVEfmt ', 0, 'latin1');
  header.writeUInt32LE(Math.min(36 + dataBytes, 0xffff_ffff), 4);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(3, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * channels * 4, 28);
  header.writeUInt16LE(channels * 4, 32);
  header.writeUInt16LE(32, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(dataBytes, 40);
  return Buffer.concat([header, Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)]);
}
