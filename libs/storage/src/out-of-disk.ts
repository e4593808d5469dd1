import { constants } from 'node:os';
import { errorCode, ProcessFailedError } from '@app/processes';
import { StorageFullError } from './storage.errors.js';

const { ENOSPC, EDQUOT } = constants.errno;

/** Whether an error, or a cause of it, is a full disk or store. ffmpeg exits with 256 - errno; the others say it. */
export function isOutOfDisk(error: unknown): boolean {
  if (error instanceof ProcessFailedError && [ENOSPC, EDQUOT].some((code) => error.exitCode === 256 - code))
    return true;
  if (error instanceof StorageFullError || ['ENOSPC', 'EDQUOT'].includes(errorCode(error) ?? '')) return true;
  return error instanceof Error && error.cause !== undefined && isOutOfDisk(error.cause);
}
