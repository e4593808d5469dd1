import { encodingArguments } from './encode-arguments.js';
import { type FfmpegInput, untrustedInput } from '../sources/ffmpeg-input.js';
import { WORKING_RATE } from '../wav/working-format.js';

/**
 * How rest-server and the worker decode a song.
 * - new time stamps from the count of samples: limits apply to decoded samples, not to claims
 * - mono keeps its level on both sides (ffmpeg would lower it by 3 dB)
 * - surround is mixed without clipping
 */
const FILTERS = [
  'asetpts=N/SR/TB',
  `volume='if(eq(nb_channels,1),sqrt(2),1)':precision=float`,
  `aresample=${WORKING_RATE}:ochl=stereo:osf=flt:rematrix_maxval=1`,
].join(',');

const FLOAT_WAV = ['-c:a', 'pcm_f32le', '-bitexact', '-f', 'wav'];
const FIRST_AUDIO = ['-map', '0:a:0', '-map_metadata', '-1', '-map_chapters', '-1'];

/**
 * Decodes up to one second past the limit into `destination`, a WAV in the working format.
 * Also writes the first frame, unchanged, as a WAV to file descriptor 3: its header has the true rate and channels.
 */
export function decodingArguments(input: FfmpegInput, maxDurationSeconds: number, destination: string): string[] {
  return [
    ...untrustedInput(input),
    ...[...FIRST_AUDIO, '-max_error_rate', '1', '-af', FILTERS, '-t', String(maxDurationSeconds + 1)],
    ...['-rf64', 'auto', ...FLOAT_WAV, destination],
    ...[...FIRST_AUDIO, '-frames:a', '1', ...FLOAT_WAV, 'pipe:3'],
  ];
}

/**
 * Decodes the song with the same filters into a 24-bit FLAC at `destination`: as many samples as its stems.
 * @param gain linear, that of the stems. @param seconds length of the decoded song
 */
export function originalArguments(input: FfmpegInput, seconds: number, gain: number, destination: string): string[] {
  return [
    ...[...untrustedInput(input), '-max_error_rate', '1', '-af', `${FILTERS},volume=${gain}:precision=float`],
    ...['-t', String(seconds + 1), '-map_chapters', '-1', ...encodingArguments('flac', destination)],
  ];
}

/** When to kill a hung ffmpeg: decoding is always faster than five times real time. */
export function decodingTimeoutMs(maxDurationSeconds: number): number {
  return 60_000 + maxDurationSeconds * 200;
}
