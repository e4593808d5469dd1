import { extensionOf } from '@app/separations';
import { DurationLimitError, EmptyAudioError, NoAudioError, NotFiniteError } from '../audio.error.js';
import type { AudioFacts, AudioSource } from '../audio-facts.js';
import { decodeSong, isAboutTheSong, type SongForm } from './decode-song.js';
import { WORKING_RATE } from './decoding.js';
import type { LimitOptions } from '../call-options.js';
import { openSource, type OpenSource } from '../sources/open-source.js';
import { SampleMeter } from '../wav/sample-meter.js';

/** Measures a song by decoding all of it; keeps no audio. */
export async function inspectSong(program: string, source: AudioSource, options: LimitOptions): Promise<AudioFacts> {
  const meter = new SampleMeter();
  const { maxDurationSeconds } = options;
  const { codec, container, sampleRate, channels } = await decodeSource(program, source, options, meter);
  const { samples, isFinite } = meter;
  if (samples === 0) throw new EmptyAudioError();
  if (samples > maxDurationSeconds * WORKING_RATE) throw new DurationLimitError(maxDurationSeconds);
  if (!isFinite) throw new NotFiniteError();
  const durationSeconds = samples / WORKING_RATE;
  return { codec, container, extension: extensionOf(container), sampleRate, channels, samples, durationSeconds };
}

async function decodeSource(
  program: string,
  source: AudioSource,
  options: LimitOptions,
  meter: SampleMeter,
): Promise<SongForm> {
  const opened = await openSource(source);
  const { input, stdin } = opened;
  const onSamples = (chunk: Buffer): void => {
    meter.append(chunk);
  };
  try {
    const run = { ...options, input, destination: 'pipe:1', onSamples, ...(stdin && { stdin }) };
    const form = await decodeSong(program, run);
    // ffmpeg takes a broken source for the end of the song
    throwIfBroken(opened);
    return form;
  } catch (error) {
    options.signal?.throwIfAborted();
    throwIfBroken(opened);
    // more channels than any layout: ffmpeg cannot mix such frames to stereo
    if (isAboutTheSong(error) && meter.samples === 0) throw new NoAudioError({ cause: error });
    throw error;
  } finally {
    await opened.close();
  }
}

/** Throws the store's own error: it says whether to retry. */
function throwIfBroken({ failure }: OpenSource): void {
  const broken = failure();
  if (broken !== undefined) throw broken.cause;
}
