import { chmodSync, mkdirSync, statSync } from 'node:fs';

const OTHERS = 0o007;

/** Makes a folder that only this user can read, or takes an existing one from the other users of this machine. */
export function privateFolder(folder) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { mode } = statSync(folder);
  if (mode & OTHERS) chmodSync(folder, mode & ~OTHERS);
}
