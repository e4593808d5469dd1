import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { errorCode } from '@app/processes';

/** less is full: a song in progress needs about 2 MB per second */
const MIN_FREE_BYTES = 64 * 1024 * 1024;
const BLOCK_BYTES = 4096;

/** Resolves if temporary files can be written; otherwise rejects with the reason, without the path. */
export async function checkScratch(folder: string): Promise<void> {
  const free = await probe(folder).catch((error: unknown) => {
    throw new Error(`SCRATCH_DIR cannot be written: ${errorCode(error) ?? 'unknown error'}`, { cause: error });
  });
  if (free < MIN_FREE_BYTES) throw new Error(`SCRATCH_DIR is full: ${Math.floor(free / 2 ** 20)} MiB are free`);
}

/** @returns free bytes */
async function probe(folder: string): Promise<number> {
  await mkdir(folder, { recursive: true });
  const { bavail, bsize } = await statfs(folder);
  // a quota can be used up on a disk that has space
  const path = join(folder, `.probe-${randomUUID()}`);
  try {
    await writeFile(path, Buffer.alloc(BLOCK_BYTES));
  } finally {
    await rm(path, { force: true });
  }
  return bavail * bsize;
}
