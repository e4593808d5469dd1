import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/** an eighth of a normal process's share of a contended core */
const NICENESS = 10;

/** Lets other processes go first, where the system allows it. The child may have ended already. */
export function lowerPriority(pid: number): void {
  attempt(() => {
    setPriority(pid, NICENESS);
  });
  // Linux autogrouping ignores niceness across sessions, and each group is a session: sched(7)
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
    // it keeps its priority
  }
}
