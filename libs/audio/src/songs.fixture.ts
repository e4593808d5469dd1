import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadApiConfig } from '@app/config';
import { runProcess } from '@app/processes';
import { resolveFfmpeg, type SeekableSource } from './index.js';

let found: Promise<string> | undefined;

export function findFfmpeg(): Promise<string> {
  return (found ??= resolveFfmpeg(loadApiConfig().audio));
}

/** A folder of songs that the real ffmpeg makes; for specs. */
export class SongFolder {
  private constructor(readonly path: string) {}

  static async create(): Promise<SongFolder> {
    return new SongFolder(await mkdtemp(join(tmpdir(), 'songs-')));
  }

  at(name: string): string {
    return resolve(this.path, name);
  }

  /** @param args of ffmpeg, before the name of the file */
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

  remove(): Promise<void> {
    return rm(this.path, { recursive: true, force: true });
  }
}

/** a tone on both channels, a little louder on the right */
export function tone(seconds: number, rate = 44_100): string[] {
  const sound = `0.3*sin(2*PI*440*t)|0.4*sin(2*PI*440*t)`;
  return ['-f', 'lavfi', '-i', `aevalsrc=${sound}:s=${rate}:d=${seconds}`];
}

/** The file as an object of the store is read. */
export async function storedFile(path: string): Promise<{ seekable: SeekableSource & { ranges: string[] } }> {
  const { size } = await stat(path);
  const ranges: string[] = [];
  const read: SeekableSource['read'] = ({ start, end }) => {
    ranges.push(`${start}-${end}`);
    return Promise.resolve(createReadStream(path, { start, end }));
  };
  return { seekable: { bytes: size, read, ranges } };
}

/** A WAV by hand: 32 bit floats, interleaved. @param dataBytes what the header says */
export function floatWav(samples: Float32Array, channels = 2, rate = 44_100, dataBytes = samples.byteLength): Buffer {
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
