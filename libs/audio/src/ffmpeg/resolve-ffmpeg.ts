import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { Readable } from 'node:stream';
import type { AudioConfig } from '@app/config';
import { runProcess } from '@app/processes';
import { FfmpegNotFoundError } from './audio.error.js';
import { Ffmpeg } from './ffmpeg.js';
import { STEM_FRAME_BYTES, stemWavHeader } from '../wav/stem-wav-header.js';

const TIMEOUT_MS = 30_000;
const NEEDED_ENCODERS = ['flac', 'libmp3lame', 'pcm_s24le'];
const ASK_WHEEL = 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe(), end="")';

/**
 * Path of the first ffmpeg that works and is new enough: FFMPEG_PATH, else `ffmpeg` on the PATH, else the
 * imageio-ffmpeg wheel in the engine's environment.
 * @throws FfmpegNotFoundError
 */
export async function resolveFfmpeg(config: AudioConfig): Promise<string> {
  const { ffmpegPath, searchPath, enginePython } = config;
  if (ffmpegPath !== undefined) {
    if (await works(ffmpegPath)) return ffmpegPath;
    throw new FfmpegNotFoundError(`FFMPEG_PATH is not a working ffmpeg 5.1 or newer: ${ffmpegPath}`);
  }
  const onPath = await findOnPath(searchPath ?? '');
  if (onPath !== undefined && (await works(onPath))) return onPath;
  const inWheel = await outputOf(enginePython, ['-c', ASK_WHEEL]).catch(() => undefined);
  if (inWheel !== undefined && (await works(inWheel))) return inWheel;
  throw new FfmpegNotFoundError('Found no ffmpeg 5.1 or newer on the PATH or in the Python environment of the engine');
}

async function findOnPath(searchPath: string): Promise<string | undefined> {
  for (const folder of searchPath.split(delimiter).filter((name) => name !== '')) {
    const path = join(folder, 'ffmpeg');
    const isExecutable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isExecutable) return path;
  }
  return undefined;
}

/** Decodes a moment of silence, to try every option, and checks for the encoders. */
async function works(program: string): Promise<boolean> {
  const samples = 1000;
  const silence = Buffer.concat([stemWavHeader(samples), Buffer.alloc(samples * STEM_FRAME_BYTES)]);
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const stream = Readable.from([silence], { objectMode: false });
    const facts = await new Ffmpeg(program).inspect({ stream }, { maxDurationSeconds: 1, signal });
    const encoders = await outputOf(program, ['-hide_banner', '-encoders']);
    return facts.samples === samples && NEEDED_ENCODERS.every((name) => encoders.includes(` ${name} `));
  } catch {
    return false;
  }
}

async function outputOf(program: string, args: readonly string[]): Promise<string> {
  const output: Buffer[] = [];
  await runProcess(program, args, { timeoutMs: TIMEOUT_MS, onStdout: (chunk) => void output.push(chunk) });
  return Buffer.concat(output).toString('utf8');
}
