import { types } from 'node:util';
import { errorCode } from '@app/processes';
import { StorageFullError, StorageUnavailableError } from '../storage.errors.js';

/** as MinIO, Ceph and SeaweedFS call it */
const FULL = ['XMinioStorageFull', 'XMinioAdminBucketQuotaExceeded', 'QuotaExceeded', 'InsufficientStorage'];
const MISSING_OBJECT = ['NoSuchKey', 'NotFound'];

export function isMissingObject(error: unknown): boolean {
  return MISSING_OBJECT.includes(errorCode(error) ?? '');
}

/** Maps a client error: except for mistakes in our own calls, all mean that the store is unavailable. */
export function asStorageError(error: unknown): Error {
  if (error instanceof StorageUnavailableError || error instanceof TypeError) return error;
  if (FULL.includes(errorCode(error) ?? '')) return new StorageFullError({ cause: error });
  const message = types.isNativeError(error) ? error.message : 'unknown error';
  return new StorageUnavailableError(errorCode(error) ?? message, { cause: error });
}
