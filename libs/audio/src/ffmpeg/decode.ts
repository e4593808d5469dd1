import { DurationLimitError, EmptyAudioError } from '../audio.error.js';
import type { DecodedSong } from '../audio-facts.js';
import { decodeSong } from './decode-song.js';
import { WORKING_RATE } from './decoding.js';
import { fileInput } from '../sources/ffmpeg-input.js';
import type { LimitOptions } from '../call-options.js';
import { withFloatWav } from '../wav/float-wav.js';

/** Decodes a song of the scratch folder into the working WAV beside it. */
export async function decodeToWav(
  program: string,
  inputPath: string,
  wavPath: string,
  options: LimitOptions,
): Promise<DecodedSong> {
  const { maxDurationSeconds } = options;
  const run = { ...options, input: fileInput(inputPath), destination: `file:${wavPath}` };
  const { codec, sampleRate, channels, announcedSeconds } = await decodeSong(program, run);
  const samples = await withFloatWav(wavPath, {}, (wav) => Promise.resolve(wav.samples));
  if (samples === 0) throw new EmptyAudioError();
  if (samples > maxDurationSeconds * WORKING_RATE) throw new DurationLimitError(maxDurationSeconds);
  return { samples, codec, sampleRate, channels, announcedSeconds };
}
