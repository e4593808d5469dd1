import { DurationLimitError, EmptyAudioError, NoAudioError } from '../errors/audio.error.js';
import type { LimitOptions } from '../ffmpeg/call-options.js';
import { decodePart, type DecodedPart, type PartOptions } from './decode-part.js';
import type { Loss } from '../songs/loss.js';
import { planSong } from '../songs/plan-song.js';
import { explainRefusal } from '../songs/song-kinds.js';
import type { SongPart, SongPlan } from '../songs/song-plan.js';
import { fileSource } from '../sources/file-source.js';
import type { SeekableSource } from '../sources/seekable-source.js';
import type { SilentStretch } from '../wav/insert-silence.js';
import { WavFileSink, type SampleSink } from '../wav/sample-sinks.js';
import { WORKING_RATE } from '../wav/working-format.js';

/** What is wrong with a song that could be decoded all the same. */
export interface Damage {
  /** silence in place of what is lost, in order */
  readonly losses: readonly Loss[];
  /** seconds at which ffmpeg told of a fault */
  readonly faultsAt: readonly number[];
  /** whether the samples do not match the file's own digest */
  readonly isAltered: boolean;
  /** links of a chain that could not be decoded at all */
  readonly lostParts: number;
}

/** The song before decoding, in ffmpeg's names. */
export interface SongStream {
  readonly codec: string;
  readonly container: string;
  /** Hz */
  readonly sampleRate: number;
  readonly channels: number;
  /** length in the container's header, if any; a truncated song has less */
  readonly declaredSeconds: number | undefined;
  /** the audio tracks that were decoded, counted from 1; two are left and right */
  readonly tracks: readonly number[];
  /** when they start in the file */
  readonly startSeconds: number;
  readonly damage: Damage;
  /** silence that is still to be put in, in samples at 44.1 kHz */
  readonly silence: readonly SilentStretch[];
}

export interface DecodedSong extends Omit<SongStream, 'container' | 'silence'> {
  /** per channel, at 44.1 kHz; every stem must have as many */
  readonly samples: number;
}

/** Decodes a song in the scratch folder into a WAV in the working format. */
export async function decodeToWav(
  program: string,
  inputPath: string,
  wavPath: string,
  options: PartOptions,
): Promise<DecodedSong> {
  const sink = await WavFileSink.create(wavPath);
  try {
    const { silence, ...song } = await decodeSong(program, await fileSource(inputPath), sink, options);
    const samples = await sink.finish(silence);
    checkLength(samples, options);
    const { codec, sampleRate, channels, declaredSeconds, tracks, startSeconds, damage } = song;
    return { samples, codec, sampleRate, channels, declaredSeconds, tracks, startSeconds, damage };
  } finally {
    await sink.close();
  }
}

export function checkLength(samples: number, { maxDurationSeconds }: LimitOptions): void {
  if (samples === 0) throw new EmptyAudioError();
  if (samples > maxDurationSeconds * WORKING_RATE) throw new DurationLimitError(maxDurationSeconds);
}

/**
 * Decodes a song, part by part. rest-server checks an upload with it, and the worker decodes with it.
 * @throws NoAudioError, UnsupportedAudioError, EmptyAudioError, or the error of the source
 */
export async function decodeSong(
  program: string,
  source: SeekableSource,
  sink: SampleSink,
  options: PartOptions,
): Promise<SongStream> {
  const plan = await planSong(source);
  const parts: { readonly startsAt: number; readonly part: DecodedPart }[] = [];
  let failure = new NoAudioError();
  for (const part of plan.parts) {
    const startsAt = await sink.samples();
    const secondsLeft = options.maxDurationSeconds - startsAt / WORKING_RATE;
    if (secondsLeft < 0) break;
    const decoded = await decodeOrLose(program, part, sink, { ...options, maxDurationSeconds: secondsLeft });
    if (decoded instanceof NoAudioError) failure = decoded;
    else parts.push({ startsAt, part: decoded });
  }
  const first = parts[0]?.part;
  const container = plan.container ?? first?.log.container;
  if (first?.log.codec === undefined || container === undefined) throw explainRefusal(plan.kind, failure);
  return {
    container,
    codec: first.log.codec,
    sampleRate: first.sampleRate,
    channels: first.channels,
    declaredSeconds: declaredSeconds(plan, first),
    tracks: [first.choice.track, ...(first.choice.right === undefined ? [] : [first.choice.right])],
    startSeconds: first.log.startSeconds ?? 0,
    ...assess(plan, parts),
  };
}

/** A link of a chain that is no audio takes nothing from the others. */
async function decodeOrLose(
  program: string,
  part: SongPart,
  sink: SampleSink,
  options: PartOptions,
): Promise<DecodedPart | NoAudioError> {
  try {
    return await decodePart(program, part, sink, options);
  } catch (error) {
    if (error instanceof NoAudioError) return error;
    throw error;
  }
}

function declaredSeconds({ parts, container, declaredSeconds: own }: SongPlan, first: DecodedPart): number | undefined {
  const { flac } = parts[0] ?? {};
  if (flac !== undefined && flac.samples > 0) return flac.samples / flac.sampleRate;
  if (own !== undefined) return own;
  // ffmpeg declares the length of one link, and nothing about bare samples
  return parts.length > 1 || container === 'wav' || container === 'w64' || container === 'aiff'
    ? undefined
    : first.log.declaredSeconds;
}

function assess(
  plan: SongPlan,
  parts: readonly { readonly startsAt: number; readonly part: DecodedPart }[],
): Pick<SongStream, 'damage' | 'silence'> {
  const silence: SilentStretch[] = [];
  const losses = [...plan.losses];
  const faultsAt: number[] = [];
  let inserted = 0;
  for (const { startsAt, part } of parts) {
    const start = startsAt / WORKING_RATE;
    faultsAt.push(...part.survey.faultsAt.map((at) => start + inserted + at));
    for (const { atSeconds, seconds } of part.survey.gaps) {
      const at = startsAt + Math.round(atSeconds * WORKING_RATE);
      silence.push({ at, samples: Math.round(seconds * WORKING_RATE) });
      losses.push({ atSeconds: start + atSeconds + inserted, seconds });
      inserted += seconds;
    }
  }
  const isAltered = parts.some(({ part }) => part.isIntact === false);
  return { silence, damage: { losses, faultsAt, isAltered, lostParts: plan.parts.length - parts.length } };
}
