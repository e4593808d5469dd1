import { HttpException } from '@nestjs/common';
import { FfmpegUnavailableError, ScratchError } from '@app/audio';
import { publicText, type ProblemCode } from '@app/separations';
import { InvalidCursorError, SeparationBusyError } from '@app/separation-store';
import { RedisUnavailableError } from '@app/redis';
import { isOutOfDisk, ObjectNotFoundError, StorageUnavailableError } from '@app/storage';
import { ffmpegUnavailable, noTemporaryFiles, outOfDisk, queueUnavailable, storageUnavailable } from './outages.js';
import { ProblemError } from './problem.error.js';

/** for errors of the framework: unknown routes, bodies that cannot be parsed */
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

/** Turns any thrown value into a problem. An unknown error becomes `internal` and keeps its message to itself. */
export function toProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (isOutOfDisk(error)) return outOfDisk(error);
  if (error instanceof ScratchError) return noTemporaryFiles(error);
  if (error instanceof FfmpegUnavailableError) return ffmpegUnavailable(error);
  // what we ask for is there: a store that says otherwise is asked again
  if (error instanceof StorageUnavailableError || error instanceof ObjectNotFoundError)
    return storageUnavailable(error);
  if (error instanceof RedisUnavailableError) return queueUnavailable(error);
  if (error instanceof SeparationBusyError) {
    const detail = 'Another call or a worker is changing this separation. Try again in a moment.';
    return new ProblemError('busy', detail, { retryAfterSeconds: 1, cause: error });
  }
  if (error instanceof InvalidCursorError)
    return new ProblemError('invalid_request', 'The cursor is not from this list.');
  const status = httpStatus(error);
  const code = status === undefined ? undefined : BY_STATUS[status];
  if (code !== undefined && error instanceof Error) {
    // Nest's own messages name the path of the call; those of middleware may name a file of the server
    const detail = error instanceof HttpException ? error.message : publicText(error.message);
    return new ProblemError(code, detail, { cause: error });
  }
  return new ProblemError('internal', 'The server could not answer. Find the reason in its log by the request id.', {
    cause: error,
  });
}

/** The status of a Nest exception, or of an error from express middleware. */
function httpStatus(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  if (error instanceof Error && 'status' in error && typeof error.status === 'number') return error.status;
  return undefined;
}
