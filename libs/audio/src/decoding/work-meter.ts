import { availableParallelism, constants } from 'node:os';
import { ProcessFailedError } from '@app/processes';
import { FfmpegUnavailableError, TooCostlyError } from '../errors/audio.error.js';
import type { SampleSink } from '../wav/sample-sinks.js';
import { WORKING_FRAME_BYTES, WORKING_RATE } from '../wav/working-format.js';

/** what any song may have in each second of the longest: stereo at 48 kHz */
const SAMPLES_PER_SECOND = 2 * 48_000;
/** what it may have besides, by its size: 5.1 AAC at 64 kbit/s has 36, a high-resolution FLAC less than 1 */
const SAMPLES_PER_BYTE = 64;
/** ten times what the costliest hours took on one core: 5.1 AAC, DTS, WavPack */
const CPU_SECONDS_PER_SECOND = 0.1;
const CPU_SECONDS_TO_START = 30;
/** the signal of `-timelimit` */
const OUT_OF_CPU = 'Exiting normally, received signal 24.';
const DECODED_AS =
  /^(?: {2}Stream #1:0.*: Audio: |Reconfiguring filter graph because audio parameters changed to ).*?(\d+) Hz, ([^,]+)/;
/** of a layout whose name does not say */
const MANY_CHANNELS = 8;

export interface MeteredOption {
  /** limits the work of all runs together; its signal is part of the call's */
  readonly work?: WorkMeter;
}

/**
 * Limits the work on one upload: by its samples before resampling, which are the same on every machine, and by CPU time,
 * for what no count of samples shows.
 */
export class WorkMeter {
  private readonly stop = new AbortController();
  private samplesBefore = 0;
  private outputBytes = 0;
  /** of all channels, in each second: the most so far in this run */
  private samplesPerSecond = 0;
  private startedAt = 0;
  private isCharged = false;

  constructor(
    private readonly allowedSamples: number,
    private cpuSecondsLeft: number,
  ) {}

  static forUpload(bytes: number, maxDurationSeconds: number): WorkMeter {
    // decoding goes on for a second behind the limit
    const samples = SAMPLES_PER_SECOND * (maxDurationSeconds + 1) + SAMPLES_PER_BYTE * bytes;
    return new WorkMeter(samples, CPU_SECONDS_TO_START + CPU_SECONDS_PER_SECOND * maxDurationSeconds);
  }

  /** aborted with a TooCostlyError */
  get signal(): AbortSignal {
    return this.stop.signal;
  }

  /** @returns arguments of a run that starts now */
  startRun(): string[] {
    this.samplesBefore += this.samplesOfRun;
    this.outputBytes = 0;
    this.samplesPerSecond = 0;
    this.startedAt = performance.now();
    this.isCharged = false;
    const limit = ['-timelimit', String(this.limitOfRun)];
    // looks for the signal often: the system kills what goes on for another second
    return [...limit, '-stats_period', '0.1', '-benchmark'];
  }

  /** @param line of ffmpeg's log, without its prefix */
  readonly onLine = (line: string): void => {
    const [, user, system] = /^bench: utime=(\d+\.\d+)s stime=(\d+\.\d+)s/.exec(line) ?? [];
    if (user !== undefined) this.charge(Number(user) + Number(system));
    const [, rate, layout] = DECODED_AS.exec(line) ?? [];
    if (rate !== undefined && layout !== undefined) {
      this.samplesPerSecond = Math.max(this.samplesPerSecond, Number(rate) * channelsOf(layout));
    }
    if (line.startsWith(OUT_OF_CPU)) this.refuse();
  };

  /**
   * Charges a run that did not tell its CPU time: ffmpeg leaves it out when it fails.
   * @param failure why the run failed, if it did
   */
  endRun(failure: unknown): void {
    const seconds = (performance.now() - this.startedAt) / 1000;
    const canBeOutOfCpu = seconds >= this.limitOfRun / availableParallelism();
    if (isOutOfCpu(failure, canBeOutOfCpu) || isOutOfMemory(failure)) this.refuse();
    if (!this.isCharged) this.charge(seconds);
  }

  /** The same output, with its samples counted. */
  count(output: SampleSink['output']): SampleSink['output'] {
    if (!('onStdout' in output)) return output;
    return {
      onStdout: (chunk) => {
        this.outputBytes += chunk.length;
        if (this.samplesBefore + this.samplesOfRun > this.allowedSamples) this.stop.abort(new TooCostlyError());
        output.onStdout(chunk);
      },
    };
  }

  private charge(cpuSeconds: number): void {
    this.isCharged = true;
    this.cpuSecondsLeft -= cpuSeconds;
    if (this.cpuSecondsLeft <= 0) this.refuse();
  }

  private refuse(): void {
    this.stop.abort(new TooCostlyError());
  }

  /** in CPU seconds */
  private get limitOfRun(): number {
    return Math.max(Math.ceil(this.cpuSecondsLeft), 1);
  }

  private get samplesOfRun(): number {
    return (this.outputBytes / (WORKING_FRAME_BYTES * WORKING_RATE)) * this.samplesPerSecond;
  }
}

/** Runs have a limit of memory. */
function isOutOfMemory(failure: unknown): boolean {
  return failure instanceof ProcessFailedError && failure.exitCode === 256 - constants.errno.ENOMEM;
}

/** The system's signals for a decoder that goes on for a second behind its limit. */
function isOutOfCpu(failure: unknown, canHaveReachedLimit: boolean): boolean {
  if (!(failure instanceof FfmpegUnavailableError) || !(failure.cause instanceof ProcessFailedError)) return false;
  const { signal } = failure.cause;
  return signal === 'SIGXCPU' || (signal === 'SIGKILL' && canHaveReachedLimit);
}

function channelsOf(layout: string): number {
  const [, whole, extra = 0] = /^(\d+)(?:\.(\d+)| channels)/.exec(layout) ?? [];
  if (whole !== undefined) return Number(whole) + Number(extra);
  return (
    new Map([
      ['mono', 1],
      ['stereo', 2],
    ]).get(layout.trim()) ?? MANY_CHANNELS
  );
}
