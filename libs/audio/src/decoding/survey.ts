import type { RunProcessOptions } from '@app/processes';
import type { SignalOption } from '../ffmpeg/call-options.js';
import { decodingTimeoutMs, surveyArguments, type DecodeInput } from './decode-arguments.js';
import { parseLine } from './decode-log.js';
import { runMetered } from './run-metered.js';
import type { Loss } from '../songs/loss.js';
import type { MeteredOption } from './work-meter.js';

/** time stamps of some containers are rounded to milliseconds; no codec has shorter frames */
const TOLERANCE_SECONDS = 0.002;
const ROUNDING_SECONDS = 0.0015;

interface SurveyedFrame {
  /** from the first frame, by the time stamps */
  readonly stampedAt: number;
  /** from the first frame, by the samples before it */
  readonly decodedAt: number;
  readonly seconds: number;
}

export interface Survey {
  /** where frames are missing, in the time of the decoded samples */
  readonly gaps: readonly Loss[];
  /** when ffmpeg told of a fault, in the same time */
  readonly faultsAt: readonly number[];
}

/** Decodes a damaged song once more, to learn where frames are missing: their time stamps leave a gap. */
export async function surveyGaps(
  program: string,
  decode: DecodeInput,
  { signal, work }: SignalOption & MeteredOption,
): Promise<Survey> {
  const frames: SurveyedFrame[] = [];
  const faultsAt: number[] = [];
  let first: number | undefined;
  // the song's own tags appear before this line
  let isMapped = false;
  let decodedAt = 0;
  const run: RunProcessOptions = {
    ...(signal && { signal }),
    timeoutMs: decodingTimeoutMs(decode.maxDurationSeconds),
    onStderrLine: (text) => {
      const { line, isFault } = parseLine(text);
      if (isFault) faultsAt.push(decodedAt);
      isMapped ||= line.startsWith('Stream mapping:');
      const frame = isMapped ? parseFrame(text) : undefined;
      if (frame === undefined) return;
      const { stampedAt, seconds } = frame;
      if (Number.isFinite(stampedAt)) {
        first ??= stampedAt - decodedAt;
        frames.push({ stampedAt: stampedAt - first, decodedAt, seconds });
      }
      decodedAt += seconds;
    },
  };
  // decodes as much as `decodeSong` did, also where it ends with a fault of the song
  await runMetered(program, surveyArguments(decode), run, work);
  return { gaps: findGaps(frames), faultsAt };
}

/** The frame that a line of `ashowinfo` tells of. A decoder's message that lacks its end of line may stand before it. */
export function parseFrame(line: string): Pick<SurveyedFrame, 'stampedAt' | 'seconds'> | undefined {
  const [, stamp, rate, samples] = /n: *\d+ pts:\S+ +pts_time:(\S+) .* rate:(\d+) nb_samples:(\d+) /.exec(line) ?? [];
  return samples === undefined ? undefined : { stampedAt: Number(stamp), seconds: Number(samples) / Number(rate) };
}

/**
 * A gap is a step of the time stamps ahead of the samples that lasts to the end: a lone wrong stamp, stamps that start
 * over, and a clock that drifts count for nothing.
 */
function findGaps(frames: readonly SurveyedFrame[]): Loss[] {
  const ahead = frames.map(({ stampedAt, decodedAt }) => stampedAt - decodedAt);
  const lasting = [...ahead];
  for (let at = lasting.length - 2; at >= 0; at -= 1) lasting[at] = Math.min(lasting[at] ?? 0, lasting[at + 1] ?? 0);
  const stepAt = (values: readonly number[], at: number): number => (values[at] ?? 0) - (values[at - 1] ?? 0);
  return frames.flatMap(({ decodedAt, seconds }, at) => {
    const gap = at === 0 ? 0 : Math.min(stepAt(ahead, at), stepAt(lasting, at));
    return gap > TOLERANCE_SECONDS ? [{ atSeconds: decodedAt, seconds: wholeFrames(gap, seconds) }] : [];
  });
}

/** The gap as a number of frames, if a rounded time stamp can mean one. */
function wholeFrames(gap: number, frameSeconds: number): number {
  const whole = Math.round(gap / frameSeconds) * frameSeconds;
  return Math.abs(whole - gap) < ROUNDING_SECONDS && whole > 0 ? whole : gap;
}
