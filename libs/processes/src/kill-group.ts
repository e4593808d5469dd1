import { setTimeout as delay } from 'node:timers/promises';
import { errorCode } from './error-code.js';

const POLL_MS = 20;
/** after SIGKILL only zombies can remain, and a pod's first process may never reap them */
const REAP_MS = 1000;

/** Whether the group has a process, zombies included. */
export function groupExists(pid: number): boolean {
  return signalGroup(pid, 0);
}

/** Ends a process group with SIGTERM, and with SIGKILL after the grace time. Resolves when all its processes have ended. */
export async function killGroup(pid: number, graceMs = 5000): Promise<void> {
  signalGroup(pid, 'SIGTERM');
  if (await groupGone(pid, graceMs)) return;
  signalGroup(pid, 'SIGKILL');
  await groupGone(pid, REAP_MS);
}

/** Sends the signal. False if the group no longer exists. */
export function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch (error) {
    // macOS answers EPERM for a group of zombies
    if (['ESRCH', 'EPERM'].includes(errorCode(error) ?? '')) return false;
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
