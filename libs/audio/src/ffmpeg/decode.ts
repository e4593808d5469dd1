import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { ProcessFailedError, runProcess } from '@app/processes';
import { DurationLimitError, EmptyAudioError, NoAudioError } from './audio.error.js';
import type { LimitOptions } from './call-options.js';
import { decodingArguments, decodingTimeoutMs } from './decode-arguments.js';
import { DecodeLog } from './decode-log.js';
import { fileInput, type FfmpegInput } from '../sources/ffmpeg-input.js';
import { withFloatWav } from '../wav/float-wav.js';
import { WavScanner } from '../wav/wav-scanner.js';
import { WORKING_RATE } from '../wav/working-format.js';

/** The song before decoding, in ffmpeg's names. */
export interface SongStream {
  readonly codec: string;
  readonly container: string;
  /** Hz */
  readonly sampleRate: number;
  readonly channels: number;
  /** length in the container's header, if any; a truncated song has less */
  readonly declaredSeconds: number | undefined;
}

export interface DecodedSong extends Omit<SongStream, 'container'> {
  /** per channel, at 44.1 kHz; every stem must have as many */
  readonly samples: number;
}

interface DecodeRun extends LimitOptions {
  readonly input: FfmpegInput;
  readonly stdin?: Readable;
  /** a path, or `pipe:1` for `onSamples` */
  readonly destination: string;
  readonly onSamples?: (chunk: Buffer) => void;
}

/** Decodes a song in the scratch folder into a WAV in the working format. */
export async function decodeToWav(
  program: string,
  inputPath: string,
  wavPath: string,
  options: LimitOptions,
): Promise<DecodedSong> {
  const run = { ...options, input: fileInput(inputPath), destination: `file:${wavPath}` };
  const { codec, sampleRate, channels, declaredSeconds } = await decodeSong(program, run);
  const samples = await withFloatWav(wavPath, {}, (wav) => Promise.resolve(wav.samples));
  checkLength(samples, options);
  return { samples, codec, sampleRate, channels, declaredSeconds };
}

export function checkLength(samples: number, { maxDurationSeconds }: LimitOptions): void {
  if (samples === 0) throw new EmptyAudioError();
  if (samples > maxDurationSeconds * WORKING_RATE) throw new DurationLimitError(maxDurationSeconds);
}

/** @throws NoAudioError if there is no audio stream, or ffmpeg cannot decode and mix a single frame */
export async function decodeSong(program: string, run: DecodeRun): Promise<SongStream> {
  const { input, destination, maxDurationSeconds, onSamples, stdin, signal } = run;
  const log = new DecodeLog();
  const firstFrame = new WavScanner();
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
    if (isSongFault(error) && firstFrame.header === undefined) throw new NoAudioError({ cause: error });
    throw error;
  }
  const { container, codec, declaredSeconds } = log;
  if (container === undefined || codec === undefined || firstFrame.header === undefined) throw new NoAudioError();
  const { sampleRate, channels } = firstFrame.header;
  return { container, codec, sampleRate, channels, declaredSeconds };
}

/** Whether ffmpeg rejected the song. On a fault of the machine it exits with 256 - errno. */
export function isSongFault(error: unknown): boolean {
  if (!(error instanceof ProcessFailedError) || error.exitCode === null) return false;
  const { ENOSPC, ENOMEM, EIO, EMFILE, EACCES, EDQUOT } = constants.errno;
  return ![ENOSPC, ENOMEM, EIO, EMFILE, EACCES, EDQUOT].includes(256 - error.exitCode);
}
