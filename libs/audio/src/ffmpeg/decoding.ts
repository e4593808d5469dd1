import { encodingArguments } from './encoding.js';
import { type FfmpegInput, untrustedInput } from '../sources/ffmpeg-input.js';

/** Hz, of the working WAV, the engine and every stem */
export const WORKING_RATE = 44_100;

/**
 * The one way a song becomes samples, at upload and in the worker.
 * - time stamps are made anew from the count of samples, so that a limit holds for what is decoded and not what is said
 * - one channel keeps its level in both (ffmpeg would lower it by 3 dB)
 * - more than two are mixed so that they cannot clip
 */
const FILTERS = [
  'asetpts=N/SR/TB',
  `volume='if(eq(nb_channels,1),sqrt(2),1)':precision=float`,
  `aresample=${WORKING_RATE}:ochl=stereo:osf=flt:rematrix_maxval=1`,
].join(',');

const FLOAT_WAV = ['-c:a', 'pcm_f32le', '-bitexact', '-f', 'wav'];
const FIRST_SOUND = ['-map', '0:a:0', '-map_metadata', '-1', '-map_chapters', '-1'];

/**
 * Decodes at most a second more than the limit into `destination`, as WAV float32 44.1 kHz stereo, and writes a WAV
 * of the first frame as it is in the song to file descriptor 3: its header has the true rate and channels.
 */
export function decodingArguments(input: FfmpegInput, maxDurationSeconds: number, destination: string): string[] {
  return [
    ...untrustedInput(input),
    ...[...FIRST_SOUND, '-max_error_rate', '1', '-af', FILTERS, '-t', String(maxDurationSeconds + 1)],
    ...['-rf64', 'auto', ...FLOAT_WAV, destination],
    ...[...FIRST_SOUND, '-frames:a', '1', ...FLOAT_WAV, 'pipe:3'],
  ];
}

/**
 * Decodes the song by the same filters into a FLAC (24 bit) at `destination`, so that it has the samples of its stems.
 * @param gain linear, that of the stems. @param seconds length that the decoded song has
 */
export function originalArguments(input: FfmpegInput, seconds: number, gain: number, destination: string): string[] {
  return [
    ...[...untrustedInput(input), '-max_error_rate', '1', '-af', `${FILTERS},volume=${gain}:precision=float`],
    ...['-t', String(seconds + 1), '-map_chapters', '-1', ...encodingArguments('flac', destination)],
  ];
}

/** A hung ffmpeg is ended after this time: five times slower than the song plays has never been seen. */
export function decodingTimeoutMs(maxDurationSeconds: number): number {
  return 60_000 + maxDurationSeconds * 200;
}

/** What ffmpeg's log tells of a song, line by line; its names come from fixed lists, never from the song's text. */
export class DecodingLog {
  container: string | undefined;
  codec: string | undefined;
  private duration: number | undefined;
  private isGuess = false;

  /** Seconds that the container says it holds; undefined where it says nothing, or of a film and not of its sound. */
  get announcedSeconds(): number | undefined {
    return this.isGuess ? undefined : this.duration;
  }

  readonly onLine = (line: string): void => {
    // the first such line stands before any text of the song, the last mapping line after it
    const input = /^Input #0, ([a-z0-9_]+)[a-z0-9_,]*, from /.exec(line);
    this.container ??= input?.[1];
    if (line.includes('Estimating duration from bitrate') || FILM.test(line)) this.isGuess = true;
    this.duration ??= parseDuration(line);
    const mapping = /^ {2}Stream #0:\d+ -> #\d:0 \(([a-z0-9_]+) \(/.exec(line);
    this.codec = mapping?.[1] ?? this.codec;
  };
}

/** a stream of pictures that is more than a cover: sound may well be shorter */
const FILM = /^ {2}Stream #0:\d+.*: Video: (?!.*\(attached pic\))/;

function parseDuration(line: string): number | undefined {
  const [, hours, minutes, seconds] = /^ {2}Duration: (\d+):(\d\d):(\d\d\.\d+),/.exec(line) ?? [];
  return hours === undefined ? undefined : Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}
