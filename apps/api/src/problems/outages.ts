import { withTimeout } from '@app/concurrency';
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

/** two of these in a row must still answer 503 within 2 s, on a busy machine too */
export const OUTSIDE_MS = 700;

/** Makes one short call to the object store. @throws ProblemError storage_unavailable */
export function fromStore<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return withTimeout(OUTSIDE_MS, call, { onTimeout: storageUnavailable });
}

/** Makes one short call to Redis. @throws ProblemError queue_unavailable */
export function fromQueue<T>(call: () => Promise<T>): Promise<T> {
  return withTimeout(OUTSIDE_MS, call, { onTimeout: queueUnavailable });
}
