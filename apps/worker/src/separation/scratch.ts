import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { SeparationId } from '@app/separations';
import { processStart } from './process-start.js';

export interface ScratchFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * Scratch folders of this worker: `<root>/<host>~<pid>~<start of the process>/<separation>-<random>`.
 * The name of a worker's folder tells whether its owner still lives, because a pid alone is soon another process's.
 */
export class Scratch {
  private constructor(
    private readonly root: string,
    readonly path: string,
  ) {}

  static async open(root: string): Promise<Scratch> {
    const path = join(root, `${hostname()}~${process.pid}~${(await processStart(process.pid)) ?? 'unknown'}`);
    await mkdir(path, { recursive: true });
    return new Scratch(root, path);
  }

  async create(id: SeparationId): Promise<ScratchFolder> {
    const path = join(this.path, `${id}-${randomUUID().slice(0, 8)}`);
    await mkdir(path, { recursive: true });
    return { path, remove: () => rm(path, { recursive: true, force: true }) };
  }

  /** Removes what killed workers of this host left behind. Gives the number of their folders. */
  async removeOrphans(): Promise<number> {
    const folders = await readdir(this.root);
    const orphaned = await Promise.all(folders.map(isOrphan));
    const orphans = folders.filter((_, index) => orphaned[index]);
    await Promise.all(orphans.map((folder) => rm(join(this.root, folder), { recursive: true, force: true })));
    return orphans.length;
  }

  /** Removes all that is left of this worker. */
  async close(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

// of another host nothing can be told: its folder stays
async function isOrphan(folder: string): Promise<boolean> {
  const [host, pid, start] = folder.split('~');
  if (host !== hostname() || pid === undefined || start === undefined || !/^\d+$/.test(pid)) return false;
  return (await processStart(Number(pid))) !== start;
}
