import { constants } from 'node:os';
import { ProcessFailedError, type RunProcessOptions } from '@app/processes';
import { parseLine } from './decode-log.js';
import type { WorkMeter } from './work-meter.js';
import { runFfmpeg } from '../ffmpeg/run-ffmpeg.js';

/** private memory of one run: more than its longest allocation and its threads need */
export const MAX_MEMORY_BYTES = 384 * 1024 * 1024;

/**
 * Runs ffmpeg on an untrusted song, within bounded memory and what the meter has left.
 * @returns why ffmpeg rejected the song, if it did
 * @throws what is not the song's fault
 */
export async function runMetered(
  program: string,
  args: readonly string[],
  options: Omit<RunProcessOptions, 'maxMemoryBytes'>,
  work: WorkMeter | undefined,
): Promise<unknown> {
  const limit = work?.startRun() ?? [];
  try {
    await runFfmpeg(program, [...limit, ...args], {
      ...options,
      maxMemoryBytes: MAX_MEMORY_BYTES,
      onStderrLine: (text) => {
        work?.onLine(parseLine(text).line);
        options.onStderrLine?.(text);
      },
    });
  } catch (error) {
    work?.endRun(error);
    options.signal?.throwIfAborted();
    if (!isSongFault(error)) throw error;
    return error;
  }
  work?.endRun(undefined);
  options.signal?.throwIfAborted();
  return undefined;
}

const { EACCES, EDQUOT, EIO, EMFILE, ENFILE, ENOMEM, ENOSPC } = constants.errno;
const { EADDRNOTAVAIL, ECONNREFUSED, ECONNRESET, ETIMEDOUT } = constants.errno;
const FAULTS_OF_MACHINE = [EACCES, EDQUOT, EIO, EMFILE, ENFILE, ENOMEM, ENOSPC];
/** of the loopback address that the song comes from */
const FAULTS_OF_NETWORK = [EADDRNOTAVAIL, ECONNREFUSED, ECONNRESET, ETIMEDOUT];

/** Whether ffmpeg rejected the song. On a fault of the machine it exits with 256 - errno. */
function isSongFault(error: unknown): boolean {
  if (!(error instanceof ProcessFailedError) || error.exitCode === null) return false;
  return ![...FAULTS_OF_MACHINE, ...FAULTS_OF_NETWORK].includes(256 - error.exitCode);
}
