import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/** an eighth of the share of a process of normal priority, where both want the same core */
const NICENESS = 10;

/** Lets others go first. What cannot be set is left: the work is the same, and a child may have ended already. */
export function moveToBackground(pid: number): void {
  attempt(() => {
    setPriority(pid, NICENESS);
  });
  // where Linux schedules whole sessions, a niceness counts only within one, and each group is a session: sched(7)
  if (process.platform === 'linux') {
    attempt(() => {
      writeFileSync(`/proc/${pid}/autogroup`, String(NICENESS));
    });
  }
}

function attempt(set: () => void): void {
  try {
    set();
  } catch {
    // at normal priority then
  }
}
