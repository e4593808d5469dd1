import { chmodSync, mkdirSync, statSync } from 'node:fs';

const OTHERS = 0o007;

/**
 * Makes a folder that only this user can read, or takes an existing one from the other users of this machine. Some disks
 * have no permissions, and a folder may be another user's: a warning is all we can do there.
 */
export function privateFolder(folder) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { mode } = statSync(folder);
  if (!(mode & OTHERS)) return;
  try {
    chmodSync(folder, mode & ~OTHERS);
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EROFS'].includes(error.code)) throw error;
    console.warn(`Other users of this machine can read ${folder}: its permissions cannot be changed.`);
  }
}
