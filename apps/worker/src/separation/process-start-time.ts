import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const START_FIELD_AFTER_NAME = 19;

/** Start time of a process, as a text that tells it from others with its pid; undefined if it is not running. */
export async function processStartTime(pid: number): Promise<string | undefined> {
  return process.platform === 'linux' ? readStartTicks(pid) : askPs(pid);
}

// field 22 of /proc/<pid>/stat; the name in field 2 may contain spaces and parentheses. See proc_pid_stat(5)
async function readStartTicks(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? undefined : fields[START_FIELD_AFTER_NAME - 1];
  } catch {
    return undefined;
  }
}

async function askPs(pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)], { timeout: 5000 });
    return stdout.trim().replace(/\W+/g, '-');
  } catch {
    return undefined;
  }
}
