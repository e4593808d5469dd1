import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { SeparationId } from '@app/separations';
import { checkScratch } from '@app/server';
import { processStartTime } from './process-start-time.js';

interface ScratchFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * Scratch folders of this worker: `<root>/<host>~<pid>~<start time>/<separation>-<random>`.
 * The start time tells whether the owner is still alive: a pid alone is soon reused.
 */
export class Scratch {
  private constructor(
    private readonly root: string,
    readonly path: string,
  ) {}

  static async open(root: string): Promise<Scratch> {
    const path = join(root, `${hostname()}~${process.pid}~${(await processStartTime(process.pid)) ?? 'unknown'}`);
    await mkdir(path, { recursive: true });
    return new Scratch(root, path);
  }

  async create(id: SeparationId): Promise<ScratchFolder> {
    const path = join(this.path, `${id}-${randomUUID().slice(0, 8)}`);
    await mkdir(path, { recursive: true });
    return { path, remove: () => rm(path, { recursive: true, force: true }) };
  }

  /** Rejects with the reason if songs cannot be written. */
  check(): Promise<void> {
    return checkScratch(this.path);
  }

  /** Removes the folders of killed workers of this host, and returns how many. */
  async removeOrphans(): Promise<number> {
    const folders = await readdir(this.root);
    const orphaned = await Promise.all(folders.map(isOrphan));
    const orphans = folders.filter((_, index) => orphaned[index]);
    await Promise.all(orphans.map((folder) => rm(join(this.root, folder), { recursive: true, force: true })));
    return orphans.length;
  }

  /** Removes the folder of this worker. */
  async close(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

// a folder of another host stays: its owner may be alive
async function isOrphan(folder: string): Promise<boolean> {
  const [host, pid, start] = folder.split('~');
  if (host !== hostname() || pid === undefined || start === undefined || !/^\d+$/.test(pid)) return false;
  return (await processStartTime(Number(pid))) !== start;
}
