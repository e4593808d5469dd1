import { TooCostlyError } from '../errors/audio.error.js';
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
    const limit = ['-timelimit', String(Math.max(Math.ceil(this.cpuSecondsLeft), 1))];
    // looks for the signal often: the system kills what goes on for another second
    return [...limit, '-stats_period', '0.1', '-benchmark'];
  }

  /** @param line of ffmpeg's log, without its prefix */
  readonly onLine = (line: string): void => {
    const [, user, system] = /^bench: utime=(\d+\.\d+)s stime=(\d+\.\d+)s/.exec(line) ?? [];
    this.cpuSecondsLeft -= Number(user ?? 0) + Number(system ?? 0);
    const [, rate, layout] = DECODED_AS.exec(line) ?? [];
    if (rate !== undefined && layout !== undefined) {
      this.samplesPerSecond = Math.max(this.samplesPerSecond, Number(rate) * channelsOf(layout));
    }
    if (line.startsWith(OUT_OF_CPU) || this.cpuSecondsLeft <= 0) this.stop.abort(new TooCostlyError());
  };

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

  private get samplesOfRun(): number {
    return (this.outputBytes / (WORKING_FRAME_BYTES * WORKING_RATE)) * this.samplesPerSecond;
  }
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
