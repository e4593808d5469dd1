import { errorCode, StorageUnavailableError } from '../errors.js';

const NO_STORE = [
  'ENOENT',
  'ENOTDIR',
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOSPC',
  'EDQUOT',
  'EIO',
  'EMFILE',
  'ENFILE',
  'ESTALE',
  'ETIMEDOUT',
];

/** Runs work on the file system: an aborted call throws the signal's reason, a disk that cannot be used is no store. */
export async function inFolder<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  try {
    return await work();
  } catch (error) {
    signal?.throwIfAborted();
    const code = errorCode(error);
    if (code !== undefined && NO_STORE.includes(code)) throw new StorageUnavailableError(code, { cause: error });
    throw error;
  }
}
