import { runProcess } from '@app/processes';

const TIMEOUT_MS = 30_000;

/** The version in the first line of `ffmpeg -version`. */
export async function readVersion(program: string): Promise<string> {
  const output: Buffer[] = [];
  await runProcess(program, ['-version'], { timeoutMs: TIMEOUT_MS, onStdout: (chunk) => void output.push(chunk) });
  return /^ffmpeg version (\S+)/.exec(Buffer.concat(output).toString('utf8'))?.[1] ?? 'unknown';
}
