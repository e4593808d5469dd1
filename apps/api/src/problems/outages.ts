import { ProblemError } from './problem.error.js';

/** how long a client should wait while a part of the service is away, seconds */
const RETRY_AFTER = 2;

export function queueUnavailable(cause?: unknown): ProblemError {
  return new ProblemError('queue_unavailable', 'The queue cannot be reached at the moment; try again shortly.', {
    retryAfterSeconds: RETRY_AFTER,
    cause,
  });
}

export function storageUnavailable(cause?: unknown): ProblemError {
  return new ProblemError(
    'storage_unavailable',
    'The object store cannot be reached at the moment; try again shortly.',
    {
      retryAfterSeconds: RETRY_AFTER,
      cause,
    },
  );
}
