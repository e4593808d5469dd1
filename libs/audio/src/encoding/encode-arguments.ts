import { FORMATS, type Format } from '@app/separations';

/**
 * The encoder settings of each format. Equal samples give equal bytes: without dates, versions or tags.
 * - flac, wav: 24 bits, and equal in both; ffmpeg truncates
 * - mp3: LAME VBR V2, about 190 kbit/s, transparent in listening tests; its first frame states the encoder's padding,
 *   which keeps stems aligned
 */
const ENCODERS: Readonly<Record<Format, readonly string[]>> = {
  // the default frame size is the input's, and ffmpeg then rejects frames below 16 samples
  flac: [
    ...['-c:a', 'flac', '-frame_size', '4096', '-sample_fmt', 's32', '-bits_per_raw_sample', '24'],
    ...['-compression_level', '5', '-f', 'flac'],
  ],
  mp3: ['-c:a', 'libmp3lame', '-q:a', '2', '-compression_level', '5', '-f', 'mp3'],
  wav: ['-c:a', 'pcm_s24le', '-rf64', 'auto', '-f', 'wav'],
};

/** @param stream what to encode: the audio of an input, or a named output of a filter graph */
export function encodingArguments(format: Format, destination: string, stream = '0:a:0'): string[] {
  return ['-map', stream, '-map_metadata', '-1', '-threads', '1', '-bitexact', ...ENCODERS[format], destination];
}

/** Encodes one stem into several formats in one pass. */
export function stemArguments(
  gain: number,
  destinations: Readonly<Partial<Record<Format, string>>>,
  stream?: string,
): string[] {
  return FORMATS.flatMap((format) => {
    const path = destinations[format];
    if (path === undefined) return [];
    return [...gainArguments(gain, format), ...encodingArguments(format, `file:${path}`, stream)];
  });
}

/** The samples of a WAV without its header. */
export function rawSampleArguments(destination: string): string[] {
  return ['-map', '0:a:0', '-c:a', 'pcm_s24le', '-f', 's24le', destination];
}

/** half of a 24-bit step: the encoders truncate, and with it they round. The engine computes the residual likewise */
const HALF_STEP = 2 ** -24;

/** @param gain linear, above 0, at most 1 */
function gainArguments(gain: number, format: Format): string[] {
  if (!(gain > 0 && gain <= 1)) throw new RangeError(`a stem's gain must be above 0 and at most 1, not ${gain}`);
  if (format === 'mp3') return ['-af', `volume=${gain}:precision=float`];
  const shift = `dcshift=shift=${HALF_STEP}`;
  // without a gain, samples of 64 bits would have the same bits in the end
  return ['-af', gain === 1 ? shift : `volume=${gain}:precision=double,${shift}`];
}

/** kills a hung encoder this long after its stem is complete; an hour of song takes about one minute */
export const ENCODING_TIMEOUT_MS = 30 * 60_000;
