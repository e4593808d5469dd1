import { errorCode } from '@app/processes';
import { StorageFullError, StorageUnavailableError } from '../storage.errors.js';

const FULL_DISK = ['ENOSPC', 'EDQUOT'];

const UNUSABLE_DISK = [
  'ENOENT',
  'ENOTDIR',
  'EACCES',
  'EPERM',
  'EROFS',
  'EIO',
  'EMFILE',
  'ENFILE',
  'ESTALE',
  'ETIMEDOUT',
];

/** may be the fault of one file */
const UNREADABLE_FILE = ['EIO', 'EACCES', 'EPERM'];

export function mayBeOfOneFile(error: unknown): boolean {
  const cause = error instanceof StorageUnavailableError ? error.cause : error;
  return UNREADABLE_FILE.includes(errorCode(cause) ?? '');
}

/** Runs file system work. Throws the signal's reason after an abort, StorageUnavailableError for a failing or full disk. */
export async function inFolder<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  try {
    return await work();
  } catch (error) {
    signal?.throwIfAborted();
    const code = errorCode(error);
    if (code !== undefined && FULL_DISK.includes(code)) throw new StorageFullError({ cause: error });
    if (code !== undefined && UNUSABLE_DISK.includes(code)) throw new StorageUnavailableError(code, { cause: error });
    throw error;
  }
}
