import {
  ProcessFailedError,
  ProcessTimeoutError,
  runProcess,
  type ProcessResult,
  type RunProcessOptions,
} from '@app/processes';
import { FfmpegCrashedError, FfmpegUnavailableError } from '../errors/audio.error.js';
import { readVersion } from './read-version.js';

/** faults of a program; others come from outside, as from the system when memory is short */
const CRASHES: readonly (NodeJS.Signals | undefined)[] = [
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGILL',
  'SIGSEGV',
  'SIGSYS',
  'SIGTRAP',
];
/** after the first signal that asks it to end, and after the fourth */
const TOLD_TO_END: readonly (number | null)[] = [255, 123];

/**
 * Runs ffmpeg on a song or a stem. An exit code or a crash counts only if ffmpeg itself runs: without one of its
 * libraries, it exits with a code too, and every song would look damaged.
 * @throws ProcessFailedError with an exit code, FfmpegCrashedError, FfmpegUnavailableError, or the error of a stream
 */
export async function runFfmpeg(
  program: string,
  args: readonly string[],
  options: RunProcessOptions,
): Promise<ProcessResult> {
  try {
    return await runProcess(program, args, options);
  } catch (error) {
    if (error instanceof ProcessTimeoutError) throw new FfmpegUnavailableError(error);
    if (!(error instanceof ProcessFailedError)) throw error;
    const isCrash = CRASHES.includes(error.signal);
    const isStopped = error.exitCode === null || TOLD_TO_END.includes(error.exitCode);
    if (isStopped && !isCrash) throw new FfmpegUnavailableError(error);
    await readVersion(program, options.signal && { signal: options.signal });
    throw isCrash ? new FfmpegCrashedError(error) : error;
  }
}
