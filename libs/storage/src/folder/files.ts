import { open, readdir, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Dirent, Stats } from 'node:fs';
import { errorCode } from '@app/processes';

/** codes of a file on another file system, or on one without links */
export const CANNOT_LINK = ['EXDEV', 'EPERM', 'EMLINK', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'];

const MISSING = ['ENOENT', 'ENOTDIR'];

export function isMissing(error: unknown): boolean {
  return MISSING.includes(errorCode(error) ?? '');
}

/** The promise's value, or undefined if the path does not exist. */
export async function ifPresent<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

export async function fileStats(path: string): Promise<Stats | undefined> {
  const stats = await ifPresent(stat(path));
  return stats?.isFile() === true ? stats : undefined;
}

/** Makes a rename in the folder survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  // Windows cannot open a folder
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes the folder and its parents while they are empty, up to but not including the root. */
export async function removeEmptyFolders(folder: string, root: string): Promise<void> {
  for (let path = folder; path !== root; path = dirname(path)) {
    try {
      await rmdir(path);
    } catch (error) {
      if (isMissing(error)) continue;
      if (['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(errorCode(error) ?? '')) return;
      throw error;
    }
  }
}

/** Entries in key order: a folder sorts by its name with a slash. */
export async function sortedEntries(folder: string): Promise<Dirent[]> {
  const entries = (await ifPresent(readdir(folder, { withFileTypes: true }))) ?? [];
  const sortName = (entry: Dirent): string => (entry.isDirectory() ? `${entry.name}/` : entry.name);
  return entries.filter((entry) => !entry.name.startsWith('.')).sort((a, b) => (sortName(a) < sortName(b) ? -1 : 1));
}

export async function holdsFile(folder: string): Promise<boolean> {
  for (const entry of await sortedEntries(folder)) {
    if (entry.isFile() || (entry.isDirectory() && (await holdsFile(join(folder, entry.name))))) return true;
  }
  return false;
}

/** Removes the folder's entries that were last written longer ago than this, and returns their number. */
export async function removeOlderThan(folder: string, milliseconds: number): Promise<number> {
  let removed = 0;
  for (const name of (await ifPresent(readdir(folder))) ?? []) {
    const path = join(folder, name);
    const stats = await ifPresent(stat(path));
    if (stats === undefined || stats.mtimeMs > Date.now() - milliseconds) continue;
    await rm(path, { recursive: true, force: true });
    removed += 1;
  }
  return removed;
}
