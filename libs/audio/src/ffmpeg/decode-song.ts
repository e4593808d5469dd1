import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { ProcessFailedError, runProcess } from '@app/processes';
import { NoAudioError } from '../audio.error.js';
import { DecodingLog, decodingArguments, decodingTimeoutMs } from './decoding.js';
import type { FfmpegInput } from '../sources/ffmpeg-input.js';
import { SampleMeter } from '../wav/sample-meter.js';

export interface DecodeRun {
  readonly input: FfmpegInput;
  readonly stdin?: Readable;
  /** a path, or `pipe:1` for `onSamples` */
  readonly destination: string;
  readonly onSamples?: (chunk: Buffer) => void;
  readonly maxDurationSeconds: number;
  readonly signal?: AbortSignal;
}

/** What a song is before it is decoded: names of ffmpeg's, rate in Hz. */
export interface SongForm {
  readonly codec: string;
  readonly container: string;
  readonly sampleRate: number;
  readonly channels: number;
  /** what the container says of the length of its sound, if it does */
  readonly announcedSeconds: number | undefined;
}

/**
 * Runs the decoding once.
 * @throws NoAudioError when there is no stream of sound, or not one frame of it can be decoded and mixed to stereo.
 */
export async function decodeSong(program: string, run: DecodeRun): Promise<SongForm> {
  const { input, destination, maxDurationSeconds, onSamples, stdin, signal } = run;
  const log = new DecodingLog();
  const firstFrame = new SampleMeter();
  try {
    await runProcess(program, decodingArguments(input, maxDurationSeconds, destination), {
      timeoutMs: decodingTimeoutMs(maxDurationSeconds),
      onDescriptor3: (chunk) => {
        firstFrame.append(chunk);
      },
      onStderrLine: log.onLine,
      ...(stdin && { stdin }),
      ...(signal && { signal }),
      ...(onSamples && { onStdout: onSamples }),
    });
  } catch (error) {
    if (isAboutTheSong(error) && firstFrame.header === undefined) throw new NoAudioError({ cause: error });
    throw error;
  }
  const { container, codec, announcedSeconds } = log;
  if (container === undefined || codec === undefined || firstFrame.header === undefined) throw new NoAudioError();
  const { sampleRate, channels } = firstFrame.header;
  return { container, codec, sampleRate, channels, announcedSeconds };
}

/** Whether ffmpeg gave up by itself, and not because the machine failed it: it exits with 256 - errno. */
export function isAboutTheSong(error: unknown): boolean {
  if (!(error instanceof ProcessFailedError) || error.exitCode === null) return false;
  const { ENOSPC, ENOMEM, EIO, EMFILE, EACCES, EDQUOT } = constants.errno;
  return ![ENOSPC, ENOMEM, EIO, EMFILE, EACCES, EDQUOT].includes(256 - error.exitCode);
}
