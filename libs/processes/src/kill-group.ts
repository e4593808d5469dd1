import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;

/** Whether a process of the group is there; one that ended and was not waited for yet counts. */
export function groupExists(pid: number): boolean {
  return signalGroup(pid, 0);
}

/**
 * Ends a process group: SIGTERM, and SIGKILL for what is left after the grace time.
 * Resolves when the group is gone (or was gone before).
 */
export async function killGroup(pid: number, graceMs = 5000): Promise<void> {
  if (!signalGroup(pid, 'SIGTERM')) return;
  const deadline = performance.now() + graceMs;
  while (groupExists(pid)) {
    if (performance.now() >= deadline) signalGroup(pid, 'SIGKILL');
    await delay(POLL_MS);
  }
}

/** Sends the signal; false where there is no such group any more. */
export function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

// macOS answers EPERM for a group in which only zombies are left
function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'EPERM');
}
