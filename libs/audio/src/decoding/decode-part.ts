import { isDeepStrictEqual } from 'node:util';
import type { RunProcessOptions } from '@app/processes';
import { NoAudioError } from '../errors/audio.error.js';
import type { LimitOptions } from '../ffmpeg/call-options.js';
import { chooseTrack } from './choose-track.js';
import { decodingArguments, decodingTimeoutMs, type TrackChoice } from './decode-arguments.js';
import { DecodeLog } from './decode-log.js';
import { allOnBothSides } from '../headers/speaker-shares.js';
import { surveyGaps, type Survey } from './survey.js';
import { runMetered } from './run-metered.js';
import type { MeteredOption } from './work-meter.js';
import { withLoopback } from '../sources/loopback-server.js';
import type { FfmpegInput } from '../sources/ffmpeg-input.js';
import type { SongPart } from '../songs/song-plan.js';
import type { SampleSink } from '../wav/sample-sinks.js';
import { WavScanner } from '../wav/wav-scanner.js';

/** a first guess, the right track, and the right way to mix it */
const MAX_ATTEMPTS = 3;
const NO_DAMAGE: Survey = { gaps: [], faultsAt: [] };

export interface PartOptions extends LimitOptions, MeteredOption {
  /** audio track, counted from 1 */
  readonly track?: number | undefined;
}

interface Run {
  readonly log: DecodeLog;
  readonly firstFrame: WavScanner;
  readonly failure: unknown;
}

export interface DecodedPart {
  readonly log: DecodeLog;
  readonly choice: TrackChoice;
  /** before decoding */
  readonly sampleRate: number;
  readonly channels: number;
  readonly survey: Survey;
  /** whether the samples match the file's own digest; undefined if it has none */
  readonly isIntact: boolean | undefined;
}

/**
 * Decodes a part of a song into the sink. Serves it on the loopback address, in rest-server and in the worker: ffmpeg
 * reads some songs differently from a pipe.
 * @throws NoAudioError if there is no audio, or ffmpeg cannot decode a single frame; the error of the source
 */
export async function decodePart(
  program: string,
  part: SongPart,
  sink: SampleSink,
  options: PartOptions,
): Promise<DecodedPart> {
  let decoded: DecodedPart | undefined;
  const decode = async ([input]: readonly [FfmpegInput]): Promise<void> => {
    decoded = await decodeInput(program, part, input, sink, options);
  };
  await withLoopback([part.source], decode, options.signal);
  if (decoded === undefined) throw new NoAudioError();
  return decoded;
}

async function decodeInput(
  program: string,
  part: SongPart,
  input: FfmpegInput,
  sink: SampleSink,
  options: PartOptions,
): Promise<DecodedPart> {
  const before = await sink.samples();
  const { unplacedChannels, reading, flac, isQuickTime = false } = part;
  const { maxDurationSeconds, track: wanted } = options;
  let choice: TrackChoice = {
    track: wanted ?? 1,
    mixing: unplacedChannels === undefined ? 'speakers' : allOnBothSides(unplacedChannels),
  };
  for (let attempt = 1; ; attempt += 1) {
    const decode = { input, reading, choice, maxDurationSeconds };
    const digest = flac?.md5 === undefined ? undefined : flac.bits;
    const run = await runOnce(program, decodingArguments(decode, digest), sink, options);
    const { log, firstFrame, failure } = run;
    const isUnmixed = (await sink.samples()) === before && failure !== undefined;
    const { tracks } = log;
    const { track, mixing } = choice;
    const better = chooseTrack(
      { isQuickTime, tracks, isUnmixed, track, mixing, firstFrame: firstFrame.header },
      wanted,
    );
    const isSettled = unplacedChannels !== undefined || isDeepStrictEqual(better, choice);
    if (!isSettled && attempt < MAX_ATTEMPTS) {
      choice = better;
      await sink.cutTo(before);
      continue;
    }
    const { header } = firstFrame;
    if (isUnmixed || header === undefined || log.codec === undefined) {
      throw new NoAudioError(undefined, { cause: failure });
    }
    const isIntact = log.md5 === undefined ? undefined : log.md5 === flac?.md5;
    const isDamaged = part.isDamaged === true || log.faults > 0 || isIntact === false;
    const survey = isDamaged ? await surveyGaps(program, decode, options) : NO_DAMAGE;
    const sides = choice.right === undefined ? header.channels : 2;
    return { log, choice, sampleRate: header.sampleRate, channels: sides, survey, isIntact };
  }
}

/** @throws what is not the song's fault */
async function runOnce(
  program: string,
  args: readonly string[],
  sink: SampleSink,
  { signal, maxDurationSeconds, work }: PartOptions,
): Promise<Run> {
  const log = new DecodeLog();
  const firstFrame = new WavScanner();
  const output = work?.count(sink.output) ?? sink.output;
  const run: RunProcessOptions = {
    timeoutMs: decodingTimeoutMs(maxDurationSeconds),
    onDescriptor3: (chunk) => {
      firstFrame.append(chunk);
    },
    onStderrLine: log.onLine,
    ...output,
    ...(signal && { signal }),
  };
  return { log, firstFrame, failure: await runMetered(program, args, run, work) };
}
