import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { Readable } from 'node:stream';
import type { AudioConfig } from '@app/config';
import { runProcess } from '@app/processes';
import { FfmpegNotFoundError } from '../audio.error.js';
import { Ffmpeg } from './ffmpeg.js';
import { FRAME_BYTES, stemWavHeader } from '../wav/stem-wav-header.js';

const TIMEOUT_MS = 30_000;
const NEEDED_ENCODERS = ['flac', 'libmp3lame', 'pcm_s24le'];
const ASK_WHEEL = 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe(), end="")';

/**
 * Path of the ffmpeg program: FFMPEG_PATH, else `ffmpeg` on the PATH, else the one of the imageio-ffmpeg wheel in
 * the engine's environment. It is tried before it is taken: one that is too old counts as none.
 * @throws FfmpegNotFoundError that says in one sentence what to do.
 */
export async function resolveFfmpeg(config: AudioConfig): Promise<string> {
  const { ffmpegPath, searchPath, enginePython } = config;
  if (ffmpegPath !== undefined) {
    if (await works(ffmpegPath)) return ffmpegPath;
    throw new FfmpegNotFoundError(`FFMPEG_PATH names one that does not work or is older than 5.1`);
  }
  const onPath = await findOnPath(searchPath ?? '');
  if (onPath !== undefined && (await works(onPath))) return onPath;
  const inWheel = await askWheel(enginePython);
  if (inWheel !== undefined && (await works(inWheel))) return inWheel;
  throw new FfmpegNotFoundError('neither on the PATH, 5.1 or newer, nor in the Python environment of the engine');
}

async function findOnPath(searchPath: string): Promise<string | undefined> {
  for (const folder of searchPath.split(delimiter).filter((name) => name !== '')) {
    const path = join(folder, 'ffmpeg');
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}

async function askWheel(python: string): Promise<string | undefined> {
  const answer: Buffer[] = [];
  const onStdout = (chunk: Buffer): void => void answer.push(chunk);
  const asked = await runProcess(python, ['-c', ASK_WHEEL], { timeoutMs: TIMEOUT_MS, onStdout }).catch(() => undefined);
  return asked && Buffer.concat(answer).toString('utf8');
}

/** Decodes a moment of silence, so that every option is known to it, and asks for its encoders. */
async function works(program: string): Promise<boolean> {
  const samples = 1000;
  const silence = Buffer.concat([stemWavHeader(samples), Buffer.alloc(samples * FRAME_BYTES)]);
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const stream = Readable.from([silence], { objectMode: false });
    const facts = await new Ffmpeg(program).inspect({ stream }, { maxDurationSeconds: 1, signal });
    const encoders = await listEncoders(program);
    return facts.samples === samples && NEEDED_ENCODERS.every((name) => encoders.includes(` ${name} `));
  } catch {
    return false;
  }
}

async function listEncoders(program: string): Promise<string> {
  const answer: Buffer[] = [];
  const onStdout = (chunk: Buffer): void => void answer.push(chunk);
  await runProcess(program, ['-hide_banner', '-encoders'], { timeoutMs: TIMEOUT_MS, onStdout });
  return Buffer.concat(answer).toString('utf8');
}
