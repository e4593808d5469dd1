import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadApiConfig } from '@app/config';
import { runProcess } from '@app/processes';
import { Ffmpeg, resolveFfmpeg, WORKING_RATE, type SeekableSource } from './index.js';
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
export async function storedFile(path: string): Promise<SeekableSource & { readonly ranges: string[] }> {
  const { size } = await stat(path);
  const ranges: string[] = [];
  const read: SeekableSource['read'] = ({ start, end }) => {
    ranges.push(`${start}-${end}`);
    return Promise.resolve(createReadStream(path, { start, end }));
  };
  return { bytes: size, read, ranges };
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
