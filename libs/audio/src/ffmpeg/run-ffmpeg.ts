import { ProcessFailedError, runProcess, type ProcessResult, type RunProcessOptions } from '@app/processes';
import { FfmpegUnavailableError } from '../errors/audio.error.js';
import { readVersion } from './read-version.js';

/**
 * Runs ffmpeg on a song or a stem. An exit code counts only if ffmpeg itself runs: without one of its libraries, it exits
 * with a code too, and every song would look damaged.
 * @throws ProcessFailedError with an exit code, FfmpegUnavailableError, ProcessTimeoutError, or the error of a stream
 */
export async function runFfmpeg(
  program: string,
  args: readonly string[],
  options: RunProcessOptions,
): Promise<ProcessResult> {
  try {
    return await runProcess(program, args, options);
  } catch (error) {
    if (!(error instanceof ProcessFailedError)) throw error;
    if (error.exitCode === null) throw new FfmpegUnavailableError(error);
    await readVersion(program, options.signal && { signal: options.signal });
    throw error;
  }
}
