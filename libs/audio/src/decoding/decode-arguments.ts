import { encodingArguments } from '../encoding/encode-arguments.js';
import type { Mixing } from '../headers/speaker-shares.js';
import { ANY_CONTAINER, type FfmpegInput, type Reading, untrustedInput } from '../sources/ffmpeg-input.js';
import { WORKING_RATE } from '../wav/working-format.js';

/**
 * How rest-server and the worker decode a song.
 * - new time stamps from the count of samples: limits apply to decoded samples, not to claims
 * - mono keeps its level on both sides (ffmpeg would lower it by 3 dB)
 * - surround is mixed without clipping, and with its low-frequency effects (LFE): ffmpeg would leave them out, and takes
 *   a third channel without a name for them
 */
const FILTERS = [
  'asetpts=N/SR/TB',
  `volume='if(eq(nb_channels,1),sqrt(2),1)':precision=float`,
  `aresample=${WORKING_RATE}:ochl=stereo:osf=flt:rematrix_maxval=1:lfe_mix_level=0.5`,
].join(',');
/** of separations whose original is not stored */
const FILTERS_WITHOUT_EFFECTS = FILTERS.replace(/:lfe_mix_level=.*/, '');

const FLOAT_WAV = ['-c:a', 'pcm_f32le', '-bitexact', '-f', 'wav'];
const NO_METADATA = ['-map_metadata', '-1', '-map_chapters', '-1'];

/** What to decode of a file with several tracks. */
export interface TrackChoice {
  /** among the audio tracks, counted from 1 */
  readonly track: number;
  /** a mono track for the right side; `track` is the left one */
  readonly right?: number;
  readonly mixing: Mixing;
}

export interface DecodeInput {
  readonly input: FfmpegInput;
  readonly reading: Reading;
  readonly choice: TrackChoice;
  readonly maxDurationSeconds: number;
}

/**
 * Decodes up to one second past the limit to stdout: float32, 44.1 kHz, stereo, without a header.
 * Also writes the first frame, unchanged, as a WAV to file descriptor 3: its header has the true rate and channels. The
 * log has its time.
 * @param digest bits of the samples that the digest of a FLAC covers; the digest appears in the log
 */
export function decodingArguments(decode: DecodeInput, digest?: number): string[] {
  const { input, reading, choice, maxDurationSeconds } = decode;
  const limit = ['-max_error_rate', '1', '-t', String(maxDurationSeconds + 1)];
  return [
    ...untrustedInput(input, reading),
    ...[...mapTracks(choice), ...limit, ...NO_METADATA, '-c:a', 'pcm_f32le', '-f', 'f32le', 'pipe:1'],
    ...['-map', streamOf(choice.track), ...NO_METADATA, '-af', 'ashowinfo', '-frames:a', '1', ...FLOAT_WAV, 'pipe:3'],
    ...(digest === undefined ? [] : digestArguments(choice.track, digest, limit)),
  ];
}

/** Decodes as `decodingArguments` does, and logs the time stamp and the length of each frame. */
export function surveyArguments({ input, reading, choice, maxDurationSeconds }: DecodeInput): string[] {
  return [
    ...[...untrustedInput(input, reading), '-map', streamOf(choice.track), ...NO_METADATA, '-max_error_rate', '1'],
    ...['-t', String(maxDurationSeconds + 1), '-af', 'ashowinfo', '-f', 'null', '-'],
  ];
}

/** The digest covers samples in the fewest whole bytes; ffmpeg moves them up to the highest bits. */
function digestArguments(track: number, bits: number, limit: readonly string[]): string[] {
  const bytes = Math.ceil(bits / 8);
  const codec = bytes === 1 ? 'pcm_s8' : `pcm_s${8 * bytes}le`;
  const down = bits === 8 * bytes ? [] : ['-af', `volume=${2 ** (bits - 8 * bytes)}:precision=fixed`];
  return ['-map', streamOf(track), ...limit, ...NO_METADATA, ...down, '-c:a', codec, '-f', 'md5', 'pipe:2'];
}

function streamOf(track: number): string {
  return `0:a:${track - 1}`;
}

function mapTracks({ track, right, mixing }: TrackChoice): string[] {
  if (right === undefined) return ['-map', streamOf(track), '-af', `${mixingFilter(mixing)}${FILTERS}`];
  const side = (from: number, pan: string): string =>
    `[${streamOf(from)}]asetpts=N/SR/TB,aformat=sample_fmts=fltp,pan=stereo|${pan}`;
  const sides = `${side(track, 'c0=c0|c1=0*c0')}[left];${side(right, 'c0=0*c0|c1=c0')}[right]`;
  // `join` and `amerge` would end with the shorter side
  const both = `[left][right]amix=duration=longest:normalize=0,${FILTERS}[both]`;
  return ['-filter_complex', `${sides};${both}`, '-map', '[both]'];
}

/** `pan` refuses channels with strange speakers: `channelmap` takes the names away first. */
function mixingFilter(mixing: Mixing): string {
  if (mixing === 'speakers') return '';
  if (mixing === 'stereo') return 'channelmap=0|1:stereo,';
  const { shares } = mixing;
  const sumOf = (side: 0 | 1): string =>
    shares.map((share, channel) => `${share[side].toFixed(9)}*c${channel}`).join('+');
  const unnamed = `channelmap=${[...shares.keys()].join('|')}:${shares.length}C`;
  return `${unnamed},aformat=sample_fmts=fltp,pan=stereo|c0=${sumOf(0)}|c1=${sumOf(1)},`;
}

/**
 * Decodes a song of before into a 24-bit FLAC at `destination`, as its stems were: without low-frequency effects.
 * @param gain linear, that of the stems. @param seconds length of the decoded song
 */
export function originalArguments(input: FfmpegInput, seconds: number, gain: number, destination: string): string[] {
  return [
    ...[...untrustedInput(input, ANY_CONTAINER), '-max_error_rate', '1'],
    ...['-af', `${FILTERS_WITHOUT_EFFECTS},volume=${gain}:precision=float`],
    ...['-t', String(seconds + 1), '-map_chapters', '-1', ...encodingArguments('flac', destination)],
  ];
}

/** When to kill a hung ffmpeg: decoding is always faster than five times real time. */
export function decodingTimeoutMs(maxDurationSeconds: number): number {
  return 60_000 + maxDurationSeconds * 200;
}
