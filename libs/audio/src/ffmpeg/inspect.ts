import { NoAudioError, NotFiniteError } from './audio.error.js';
import type { LimitOptions } from './call-options.js';
import { checkLength, decodeSong, isSongFault, type SongStream } from './decode.js';
import { extensionOf } from '@app/separations';
import { openSource, type AudioSource, type OpenSource } from '../sources/audio-source.js';
import { WavScanner } from '../wav/wav-scanner.js';
import { WORKING_RATE } from '../wav/working-format.js';

/** Facts about a song, measured by decoding it. */
export interface AudioFacts extends Omit<SongStream, 'declaredSeconds'> {
  /** letters and digits; for the key and the content type of the stored song */
  readonly extension: string;
  /** decoded length */
  readonly durationSeconds: number;
  /** decoded samples per channel, at 44.1 kHz */
  readonly samples: number;
}

/** Measures a song by decoding all of it; keeps no audio. */
export async function inspectSong(program: string, source: AudioSource, options: LimitOptions): Promise<AudioFacts> {
  const scanner = new WavScanner();
  const { codec, container, sampleRate, channels } = await decodeSource(program, source, options, scanner);
  const { samples, isFinite } = scanner;
  checkLength(samples, options);
  if (!isFinite) throw new NotFiniteError();
  const durationSeconds = samples / WORKING_RATE;
  return { codec, container, extension: extensionOf(container), sampleRate, channels, samples, durationSeconds };
}

async function decodeSource(
  program: string,
  source: AudioSource,
  options: LimitOptions,
  scanner: WavScanner,
): Promise<SongStream> {
  const opened = await openSource(source);
  const { input, stdin } = opened;
  const onSamples = (chunk: Buffer): void => {
    scanner.append(chunk);
  };
  try {
    const run = { ...options, input, destination: 'pipe:1', onSamples, ...(stdin && { stdin }) };
    const stream = await decodeSong(program, run);
    // ffmpeg takes a broken source for the end of the song
    throwIfBroken(opened);
    return stream;
  } catch (error) {
    options.signal?.throwIfAborted();
    throwIfBroken(opened);
    // more channels than any layout: ffmpeg cannot mix such frames to stereo
    if (isSongFault(error) && scanner.samples === 0) throw new NoAudioError({ cause: error });
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
