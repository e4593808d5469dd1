import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DecodedSong, Ffmpeg } from '@app/audio';
import type { FetchedSong } from './fetch.step.js';
import type { StepContext } from './step-context.js';

/** The song as the engine takes it: WAV, float32, 44.1 kHz, stereo. */
export interface DecodedMix extends DecodedSong {
  readonly path: string;
}

/** @throws AudioError when it cannot be decoded, is too long, or holds no sound. */
export async function decodeSong(
  ffmpeg: Ffmpeg,
  song: FetchedSong,
  limits: { readonly maxDurationSeconds: number },
  step: StepContext,
): Promise<DecodedMix> {
  step.progress.measured('decode', 0, 1);
  const path = join(step.scratch, 'mix.wav');
  const decoded = await ffmpeg.decode(song.path, path, { ...limits, signal: step.signal });
  // scratch is bounded: the song is not needed any more
  await rm(song.path);
  step.progress.measured('decode', 1, 1);
  return { ...decoded, path };
}
