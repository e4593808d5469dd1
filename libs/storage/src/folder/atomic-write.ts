import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Stats } from 'node:fs';
import { isMissing, syncFolder } from './files.js';

// each attempt can only be lost to another call that removes the folder in that instant
const MOVE_ATTEMPTS = 20;

export interface AtomicWrite {
  /** a new path on the same file system as `path` */
  readonly temporary: string;
  readonly path: string;
  /** makes the temporary file */
  readonly fill: (temporary: string) => Promise<void>;
}

/**
 * Fills a temporary file, then renames it: a reader sees the old file or the whole new one, also after a power cut.
 * Nothing is left when filling fails.
 */
export async function writeAtomically({ temporary, path, fill }: AtomicWrite): Promise<Stats> {
  await mkdir(dirname(temporary), { recursive: true });
  try {
    await fill(temporary);
    const stats = await syncFile(temporary);
    await moveInto(temporary, path, MOVE_ATTEMPTS);
    return stats;
  } finally {
    // it failed, or both are links to one file, which a rename leaves as they are
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
    // somebody removed the folder as an empty one in between
    if (isMissing(error) && attempts > 1) return moveInto(temporary, path, attempts - 1);
    throw error;
  }
}

async function syncUpTo(folder: string, top: string): Promise<void> {
  for (let path = folder; ; path = dirname(path)) {
    try {
      await syncFolder(path);
    } catch (error) {
      // removed by somebody: there is nothing left that could get lost
      if (!isMissing(error)) throw error;
    }
    if (path === top) return;
  }
}
