import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, getPriority, setPriority } from 'node:os';
import { root } from './paths.mjs';
import { PlainError } from './fail.mjs';

const running = new Set();
let ending = false;

// only root may give a command a higher priority than its own
const BACKGROUND = constants.priority.PRIORITY_BELOW_NORMAL;

/** an installation that cleans up for longer is killed: the next one starts over */
const END_MS = 3000;

/**
 * Ends every running command and resolves when all are gone. A dying installation would disturb the next one.
 * The promises of those commands never settle.
 */
export async function endRunning() {
  ending = true;
  await Promise.all([...running].map(endChild));
}

async function endChild(child) {
  const ended = once(child, 'close');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), END_MS);
  await ended;
  clearTimeout(late);
}

/**
 * Runs a command in the checkout until it ends.
 * @param {{ env?: NodeJS.ProcessEnv, quiet?: boolean, background?: boolean, asks?: boolean, timeoutMs?: number }} options
 * quiet: show its output only when it fails; background: take the CPU time that others leave; asks: the user may answer it
 * @returns {Promise<{ code: number, output: string }>} output is empty unless quiet
 */
export function run(
  command,
  args,
  { env = process.env, quiet = false, background = false, asks = false, timeoutMs } = {},
) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env,
      stdio: [asks ? 'inherit' : 'ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
      timeout: timeoutMs,
    });
    // decoded at the end: a character may lie in two chunks
    const output = [];
    const keep = (chunk) => output.push(chunk);
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.on('spawn', () => running.add(child));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      running.delete(child);
      if (!ending) resolve({ code: signal ? 1 : code, output: Buffer.concat(output).toString() });
    });
    if (background && child.pid !== undefined) lowerPriority(child.pid);
  });
}

/** The command may have ended already. */
function lowerPriority(pid) {
  try {
    setPriority(pid, Math.max(getPriority(), BACKGROUND));
  } catch (error) {
    if (error.info?.code !== 'ESRCH') throw error;
  }
}

/** Like run, but a failure ends the script with the message. */
export async function mustRun(message, command, args, options = {}) {
  const { code, output } = await run(command, args, options).catch((error) => {
    throw new PlainError(`${message} (${error.message})`);
  });
  if (code !== 0) throw new PlainError(`${output}\n${message}`);
}
