import { extensionOf } from '@app/separations';
import { FfmpegCrashedError, NotFiniteError, UndecodableAudioError } from '../errors/audio.error.js';
import type { PartOptions } from './decode-part.js';
import { checkLength, decodeSong, type SongStream } from './decode.js';
import type { SeekableSource } from '../sources/seekable-source.js';
import { WorkMeter } from './work-meter.js';
import { SampleCounter } from '../wav/sample-sinks.js';
import { WORKING_RATE } from '../wav/working-format.js';

/** Facts about a song, measured by decoding it. */
export interface AudioFacts extends Omit<
  SongStream,
  'declaredSeconds' | 'tracks' | 'startSeconds' | 'damage' | 'silence'
> {
  /** letters and digits; for the key and the content type of the stored song */
  readonly extension: string;
  /** decoded length */
  readonly durationSeconds: number;
  /** decoded samples per channel, at 44.1 kHz */
  readonly samples: number;
}

/** Measures a song by decoding all of it, as the worker will; keeps no audio. */
export async function inspectSong(program: string, source: SeekableSource, options: PartOptions): Promise<AudioFacts> {
  const counter = new SampleCounter();
  const work = WorkMeter.forUpload(source.bytes, options.maxDurationSeconds);
  const signal = AbortSignal.any([work.signal, ...(options.signal ? [options.signal] : [])]);
  const metered = { ...options, work, signal };
  const song = await decodeSong(program, source, counter, metered).catch(blameSong);
  const { codec, container, sampleRate, channels, silence } = song;
  const samples = silence.reduce((sum, stretch) => sum + stretch.samples, await counter.samples());
  checkLength(samples, options);
  if (!counter.isFinite) throw new NotFiniteError();
  const durationSeconds = samples / WORKING_RATE;
  return { codec, container, extension: extensionOf(container), sampleRate, channels, samples, durationSeconds };
}

/** The worker tries once more: a song was accepted because ffmpeg did not crash on it. */
function blameSong(error: unknown): never {
  throw error instanceof FfmpegCrashedError ? new UndecodableAudioError({ cause: error }) : error;
}
