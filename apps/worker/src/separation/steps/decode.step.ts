import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DecodedSong, Ffmpeg } from '@app/audio';
import type { Logger } from '@app/logging';
import type { FetchedSong } from './fetch.step.js';
import type { StepContext } from './step-context.js';
import { readTags, type TaggedSong } from './tags.step.js';

/** The song in the working format: WAV, float32, 44.1 kHz, stereo. */
export interface DecodedMix extends DecodedSong, TaggedSong {
  readonly path: string;
}

/** @throws AudioError if the song cannot be decoded, is too long, or is empty */
export async function decodeSong(
  ffmpeg: Ffmpeg,
  song: FetchedSong,
  options: { readonly maxDurationSeconds: number; readonly track: number | undefined },
  step: StepContext,
  logger: Logger,
): Promise<DecodedMix> {
  step.progress.report('decode', 0, 1);
  const path = join(step.scratch, 'mix.wav');
  const decoded = await ffmpeg.decode(song.path, path, { ...options, signal: step.signal });
  const tagged = await readTags(ffmpeg, song.path, step, logger);
  // frees scratch space: the song is no longer needed
  await rm(song.path);
  step.progress.report('decode', 1, 1);
  return { ...decoded, ...tagged, path };
}
