import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { resolveFfmpeg } from '@app/audio';
import { DEMO_SONG } from '../service/test-service.js';

let found: Promise<string> | undefined;

/** The one that the service uses. Looked for once: that takes longer than most of what specs do with it. */
export function findFfmpeg(): Promise<string> {
  found ??= resolveFfmpeg({ ffmpegPath: undefined, enginePython: join('engine', '.venv', 'bin', 'python') });
  return found;
}

/** Runs the real ffmpeg on arguments of our own; for making songs, never for what a client sent. */
export async function ffmpeg(...args: readonly string[]): Promise<void> {
  const child = spawn(await findFfmpeg(), ['-v', 'error', '-nostdin', '-y', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`ffmpeg: ${errors}`);
}

/** The demo song, repeated to a length; the variant changes its loudness a little, so that it is another song. */
export async function makeSong(folder: string, seconds: number, variant = 0, extension = 'mp3'): Promise<string> {
  const file = join(folder, `song-${seconds}-${variant}.${extension}`);
  const volume = `volume=${(1 - variant / 100).toFixed(2)}`;
  await ffmpeg('-stream_loop', '-1', '-i', DEMO_SONG, '-t', `${seconds}`, '-af', volume, '-map_metadata', '-1', file);
  return file;
}

/** Integrated loudness as ffmpeg measures it, LUFS. */
export async function loudnessOf(file: string): Promise<number> {
  const args = ['-nostdin', '-i', file, '-af', 'ebur128', '-f', 'null', '-'];
  const child = spawn(await findFfmpeg(), args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let printed = '';
  child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  await once(child, 'close');
  return Number(/I: +(-?[\d.]+) LUFS\s+Threshold/.exec(printed)?.[1]);
}

/** Interleaved stereo samples of a file, as float32 at 44.1 kHz. */
export async function decodeSamples(file: string): Promise<Float32Array> {
  const args = ['-v', 'error', '-nostdin', '-i', file, '-f', 'f32le', '-ar', '44100', '-ac', '2', 'pipe:1'];
  const child = spawn(await findFfmpeg(), args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(child, 'close');
  const all = Buffer.concat(chunks);
  return new Float32Array(all.buffer.slice(all.byteOffset, all.byteOffset + all.byteLength));
}
