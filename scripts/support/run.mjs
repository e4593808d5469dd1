import { spawn } from 'node:child_process';
import { root } from './paths.mjs';
import { PlainError } from './fail.mjs';

/**
 * Runs a command to its end in the checkout.
 * @param {{ env?: NodeJS.ProcessEnv, quiet?: boolean, timeoutMs?: number }} options quiet: show its output only when it fails
 * @returns {Promise<{ code: number, output: string }>} output is empty unless quiet
 */
export function run(command, args, { env = process.env, quiet = false, timeoutMs } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env,
      stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
      timeout: timeoutMs,
    });
    let output = '';
    const keep = (chunk) => (output = (output + chunk).slice(-20_000));
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code: signal ? 1 : code, output }));
  });
}

/** Like run, but a failure ends the script with the sentence. */
export async function mustRun(sentence, command, args, options = {}) {
  const { code, output } = await run(command, args, options).catch((error) => {
    throw new PlainError(`${sentence} (${error.message})`);
  });
  if (code !== 0) throw new PlainError(`${output}\n${sentence}`);
}
