import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DecodedSong, Ffmpeg } from '@app/audio';
import type { FetchedSong } from './fetch.step.js';
import type { StepContext } from './step-context.js';

/** The song in the working format: WAV, float32, 44.1 kHz, stereo. */
export interface DecodedMix extends DecodedSong {
  readonly path: string;
}

/** @throws AudioError if the song cannot be decoded, is too long, or is empty */
export async function decodeSong(
  ffmpeg: Ffmpeg,
  song: FetchedSong,
  options: { readonly maxDurationSeconds: number; readonly track: number | undefined },
  step: StepContext,
): Promise<DecodedMix> {
  step.progress.report('decode', 0, 1);
  const path = join(step.scratch, 'mix.wav');
  const decoded = await ffmpeg.decode(song.path, path, { ...options, signal: step.signal });
  // frees scratch space: the song is no longer needed
  await rm(song.path);
  step.progress.report('decode', 1, 1);
  return { ...decoded, path };
}
