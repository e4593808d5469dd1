import { FORMATS, type Format } from '@app/separations';

/**
 * How each format of a stem is written; equal samples give equal bytes, so there is no date, version or song text.
 * - flac, wav: 24 bit, the samples cut off below that, and so equal in both
 * - mp3: LAME VBR V2, about 190 kbit/s, which listening tests find transparent; its first frame tells players how much
 *   silence the encoder put around the sound, so that stems stay aligned
 */
const ENCODERS: Readonly<Record<Format, readonly string[]>> = {
  // without a frame size ffmpeg takes that of its input, and then refuses one below 16 samples
  flac: [
    ...['-c:a', 'flac', '-frame_size', '4096', '-sample_fmt', 's32', '-bits_per_raw_sample', '24'],
    ...['-compression_level', '5', '-f', 'flac'],
  ],
  mp3: ['-c:a', 'libmp3lame', '-q:a', '2', '-compression_level', '5', '-f', 'mp3'],
  wav: ['-c:a', 'pcm_s24le', '-rf64', 'auto', '-f', 'wav'],
};

/** @param stream what is encoded: that of the first input, or the named end of a filter graph */
export function encodingArguments(format: Format, destination: string, stream = '0:a:0'): string[] {
  return ['-map', stream, '-map_metadata', '-1', '-threads', '1', '-bitexact', ...ENCODERS[format], destination];
}

/** Every wanted format of one stem, read once. */
export function stemArguments(gain: number, destinations: Readonly<Partial<Record<Format, string>>>): string[] {
  const filter = gainArguments(gain);
  return FORMATS.flatMap((format) => {
    const path = destinations[format];
    return path === undefined ? [] : [...filter, ...encodingArguments(format, `file:${path}`)];
  });
}

/** The samples of a wav without its header. */
export function rawSampleArguments(destination: string): string[] {
  return ['-map', '0:a:0', '-c:a', 'pcm_s24le', '-f', 's24le', destination];
}

/** @param gain linear, above 0, at most 1 */
function gainArguments(gain: number): string[] {
  if (!(gain > 0 && gain <= 1)) throw new RangeError(`the gain of a stem is above 0 and at most 1, not ${gain}`);
  return ['-af', `volume=${gain}:precision=float`];
}

/** an encoder that hangs is ended so long after its stem is whole; an hour of song takes about one minute */
export const ENCODING_TIMEOUT_MS = 30 * 60_000;
