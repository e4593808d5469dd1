import { setTimeout as delay } from 'node:timers/promises';
import { errorCode } from './error-code.js';

const POLL_MS = 20;
/** after SIGKILL only zombies that nobody reaps can be left: a pod's first process may never do it */
const REAP_MS = 1000;

/** Whether a process of the group is there; one that ended and was not waited for yet counts. */
export function groupExists(pid: number): boolean {
  return signalGroup(pid, 0);
}

/** Ends a process group: SIGTERM, and SIGKILL for what is left after the grace time. Resolves when all have ended. */
export async function killGroup(pid: number, graceMs = 5000): Promise<void> {
  signalGroup(pid, 'SIGTERM');
  if (await groupGone(pid, graceMs)) return;
  signalGroup(pid, 'SIGKILL');
  await groupGone(pid, REAP_MS);
}

/** Sends the signal; false where there is no such group any more. */
export function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch (error) {
    // macOS answers EPERM for a group in which only zombies are left
    if (['ESRCH', 'EPERM'].includes(String(errorCode(error)))) return false;
    throw error;
  }
}

async function groupGone(pid: number, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (groupExists(pid)) {
    if (performance.now() >= deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}
