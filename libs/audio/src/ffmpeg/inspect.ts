import { DurationLimitError, EmptyAudioError, NoAudioError, NotFiniteError } from '../audio.error.js';
import type { AudioFacts, AudioSource } from '../audio-facts.js';
import { decodeSong, isAboutTheSong, type SongForm } from './decode-song.js';
import { WORKING_RATE } from './decoding.js';
import { extensionOf } from '../extensions.js';
import type { LimitOptions } from '../call-options.js';
import { openSource, type OpenSource } from '../sources/open-source.js';
import { SampleMeter } from '../wav/sample-meter.js';

/** Decodes the whole song and keeps nothing of it but what it is. */
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
    // ffmpeg takes a source that breaks off for its end
    throwIfBroken(opened);
    return form;
  } catch (error) {
    options.signal?.throwIfAborted();
    throwIfBroken(opened);
    // frames that cannot be mixed to stereo: more channels than there is a layout for
    if (isAboutTheSong(error) && meter.samples === 0) throw new NoAudioError({ cause: error });
    throw error;
  } finally {
    await opened.close();
  }
}

/** With the error of the store itself, which says whether to try again. */
function throwIfBroken({ failure }: OpenSource): void {
  const broken = failure();
  if (broken !== undefined) throw broken.cause;
}
