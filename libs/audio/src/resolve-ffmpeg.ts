import type { AudioConfig } from '@app/config';
import { runProcess } from '@app/processes';
import { FfmpegNotFoundError } from './errors/audio.error.js';
import { Ffmpeg } from './ffmpeg.js';
import { bufferSource } from './sources/buffer-source.js';
import { STEM_FRAME_BYTES, stemWavHeader } from './wav/stem-wav-header.js';

const TIMEOUT_MS = 30_000;
const NEEDED_ENCODERS = ['flac', 'libmp3lame', 'pcm_s24le'];
const ASK_WHEEL = 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe(), end="")';

/**
 * Path of ffmpeg: FFMPEG_PATH, else the one that the engine's lock file pins (the imageio-ffmpeg wheel). Never just any
 * `ffmpeg` of the machine: another version may decode other samples.
 * @throws FfmpegNotFoundError
 */
export async function resolveFfmpeg(config: AudioConfig): Promise<string> {
  const { ffmpegPath, enginePython } = config;
  if (ffmpegPath !== undefined) {
    if (await works(ffmpegPath)) return ffmpegPath;
    throw new FfmpegNotFoundError(`FFMPEG_PATH is not a working ffmpeg 5.1 or newer: ${ffmpegPath}`);
  }
  const inWheel = await outputOf(enginePython, ['-c', ASK_WHEEL]).catch(() => undefined);
  if (inWheel !== undefined && (await works(inWheel))) return inWheel;
  throw new FfmpegNotFoundError('Found no working ffmpeg in the Python environment of the engine');
}

/** Decodes a moment of silence, to try every option, and checks for the encoders. */
async function works(program: string): Promise<boolean> {
  const samples = 1000;
  const silence = Buffer.concat([stemWavHeader(samples), Buffer.alloc(samples * STEM_FRAME_BYTES)]);
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const facts = await new Ffmpeg(program).inspect(bufferSource(silence), { maxDurationSeconds: 1, signal });
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
