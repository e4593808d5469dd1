// the real promtool, a part of Prometheus: that of PROMTOOL, else the one on the PATH
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { it } from '@jest/globals';

const PROMTOOL = process.env['PROMTOOL'] ?? 'promtool';
const run = promisify(execFile);

/** @throws with what it printed */
export async function promtool(...args: readonly string[]): Promise<string> {
  try {
    return (await run(PROMTOOL, args)).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${stdout}${stderr}`, { cause: error });
  }
}

const hasPromtool = await run(PROMTOOL, ['--version']).then(
  () => true,
  () => false,
);

/** A test that needs promtool. Without it, it is skipped, visibly. */
export const withPromtool = hasPromtool ? it : it.skip;
