import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { errorCode } from '@app/processes';
import type { SeparationId } from '@app/separations';
import { processStartTime } from './process-start-time.js';

/** less is full: a song needs about 2 MB per second */
const MIN_FREE_BYTES = 64 * 1024 * 1024;
const MIN_BLOCK_BYTES = 4096;

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

  /** Resolves if songs can be written; otherwise rejects with the reason, without the path. */
  async check(): Promise<void> {
    const free = await this.probe().catch((error: unknown) => {
      throw new Error(`SCRATCH_DIR cannot be written: ${errorCode(error) ?? 'unknown error'}`, { cause: error });
    });
    if (free < MIN_FREE_BYTES) throw new Error(`SCRATCH_DIR is full: ${Math.floor(free / 2 ** 20)} MiB are free`);
  }

  /** @returns free bytes */
  private async probe(): Promise<number> {
    await mkdir(this.path, { recursive: true });
    const { bavail, bsize } = await statfs(this.path);
    // a quota can be used up on a disk that has space
    const probe = join(this.path, '.probe');
    await writeFile(probe, Buffer.alloc(MIN_BLOCK_BYTES));
    await rm(probe, { force: true });
    return bavail * bsize;
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
