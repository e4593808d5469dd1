import { runProcess } from '@app/processes';
import { FfmpegUnavailableError } from '../errors/audio.error.js';
import type { SignalOption } from './call-options.js';

const TIMEOUT_MS = 30_000;

/** The version in the first line of `ffmpeg -version`. @throws FfmpegUnavailableError, or the signal's reason */
export async function readVersion(program: string, options: SignalOption = {}): Promise<string> {
  const output: Buffer[] = [];
  const onStdout = (chunk: Buffer): void => void output.push(chunk);
  try {
    await runProcess(program, ['-version'], { ...options, timeoutMs: TIMEOUT_MS, graceMs: 0, onStdout });
  } catch (error) {
    options.signal?.throwIfAborted();
    throw new FfmpegUnavailableError(error);
  }
  return /^ffmpeg version (\S+)/.exec(Buffer.concat(output).toString('utf8'))?.[1] ?? 'unknown';
}
