import { types } from 'node:util';
import { errorCode, StorageUnavailableError } from '../errors.js';

const MISSING_OBJECT = ['NoSuchKey', 'NotFound'];

export function isMissingObject(error: unknown): boolean {
  return MISSING_OBJECT.includes(errorCode(error) ?? '');
}

/** What a caller gets for an error of the client: all but mistakes in our own calls mean that the store is of no use now. */
export function asStorageError(error: unknown): Error {
  if (error instanceof StorageUnavailableError || error instanceof TypeError) return error;
  const message = types.isNativeError(error) ? error.message : 'unknown failure';
  return new StorageUnavailableError(errorCode(error) ?? message, { cause: error });
}
