import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Stats } from 'node:fs';
import { NotKeptError } from '../storage.errors.js';
import { isMissing, syncFolder } from './files.js';

// an attempt fails only if another call removes the folder at that instant
const MOVE_ATTEMPTS = 20;

export interface AtomicWrite {
  /** an unused path on the file system of `path` */
  readonly temporary: string;
  readonly path: string;
  /** creates the temporary file, and returns how many bytes it must have */
  readonly fill: (temporary: string) => Promise<number>;
}

/**
 * Fills a temporary file, then renames it: readers see the old file or the whole new one, even after a power cut.
 * Leaves nothing behind if filling fails.
 * Compares the length at the end. It does not read the file again: the system would return the bytes that it has just
 * taken, from memory. The sync before the rename is what makes them last.
 * @throws NotKeptError if the file has another length
 */
export async function writeAtomically({ temporary, path, fill }: AtomicWrite): Promise<Stats> {
  await mkdir(dirname(temporary), { recursive: true });
  try {
    const bytes = await fill(temporary);
    const stats = await syncFile(temporary);
    if (stats.size !== bytes) throw new NotKeptError(`it has ${stats.size} of ${bytes} bytes`);
    await moveInto(temporary, path, MOVE_ATTEMPTS);
    return stats;
  } finally {
    // it failed, or both are links to one file: rename then does nothing
    await rm(temporary, { force: true });
  }
}

async function syncFile(path: string): Promise<Stats> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
    return await handle.stat();
  } finally {
    await handle.close();
  }
}

async function moveInto(temporary: string, path: string, attempts: number): Promise<void> {
  const folder = dirname(path);
  try {
    const firstMade = await mkdir(folder, { recursive: true });
    await rename(temporary, path);
    await syncUpTo(folder, firstMade === undefined ? folder : dirname(firstMade));
  } catch (error) {
    // another call removed the folder while it was empty
    if (isMissing(error) && attempts > 1) return moveInto(temporary, path, attempts - 1);
    throw error;
  }
}

async function syncUpTo(folder: string, top: string): Promise<void> {
  for (let path = folder; ; path = dirname(path)) {
    try {
      await syncFolder(path);
    } catch (error) {
      // another call removed it, so there is nothing left to lose
      if (!isMissing(error)) throw error;
    }
    if (path === top) return;
  }
}
