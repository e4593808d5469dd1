import { HttpException } from '@nestjs/common';
import { InvalidCursorError } from '@app/separation-store';
import { RedisUnavailableError } from '@app/redis';
import { StorageUnavailableError } from '@app/storage';
import { queueUnavailable, storageUnavailable } from './outages.js';
import type { ProblemCode } from './problem-codes.js';
import { ProblemError } from './problem.error.js';

/** what the framework throws by itself: routes that are not there, bodies that cannot be parsed */
const BY_STATUS: Readonly<Record<number, ProblemCode>> = {
  400: 'invalid_request',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  406: 'not_acceptable',
  409: 'still_active',
  413: 'file_too_large',
  415: 'unsupported_media_type',
  416: 'range_not_satisfiable',
  429: 'rate_limited',
};

/** Any thrown value as the problem that the client is told of; what is not known is `internal`, without its message. */
export function toProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof StorageUnavailableError) return storageUnavailable(error);
  if (error instanceof RedisUnavailableError) return queueUnavailable(error);
  if (error instanceof InvalidCursorError)
    return new ProblemError('invalid_request', 'The cursor is not one of this list.');
  const status = httpStatus(error);
  const code = status === undefined ? undefined : BY_STATUS[status];
  if (code !== undefined && error instanceof Error) return new ProblemError(code, error.message, { cause: error });
  return new ProblemError('internal', 'The server could not answer; the request id leads to the reason in its log.', {
    cause: error,
  });
}

/** Nest's exceptions and those of express middleware (`status`). */
function httpStatus(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  if (error instanceof Error && 'status' in error && typeof error.status === 'number') return error.status;
  return undefined;
}
