import { spawnSync } from 'node:child_process';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '@app/processes';

const SIZE = '256m';
const CHUNK = Buffer.alloc(1024 * 1024);

/** Mounts a small disk and then becomes the command. No root is needed: it has a user and mount namespace of its own. */
export function withSmallDisk(folder: string): string[] {
  const mount = `mount -t tmpfs -o size=${SIZE} drill "$0" && exec "$@"`;
  return ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', mount, folder];
}

/** Whether this machine lets users mount in a namespace of their own: containers often do not. */
export function canMount(): boolean {
  const [command, ...args] = [...withSmallDisk('/mnt'), 'true'] as const;
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** The disk as the process sees it. */
export function diskOf(pid: number, folder: string): string {
  return `/proc/${pid}/root${folder}`;
}

/** Writes until nothing fits. @returns frees it again; does nothing if the process has ended, and its disk with it */
export async function fill(disk: string): Promise<() => Promise<void>> {
  const path = join(disk, 'filler');
  await mkdir(disk, { recursive: true });
  const file = await open(path, 'w');
  try {
    for (let size = CHUNK.length; size >= 4096;) {
      const wrote = await file.write(CHUNK, 0, size).catch((error: unknown) => {
        if (errorCode(error) === 'ENOSPC') return undefined;
        throw error;
      });
      if (wrote === undefined) size >>= 1;
    }
  } finally {
    await file.close();
  }
  return () => rm(path, { force: true });
}
