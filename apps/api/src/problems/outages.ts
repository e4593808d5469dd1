import { withTimeout } from '@app/concurrency';
import { ProblemError } from './problem.error.js';

/** seconds after which a client should retry during an outage */
const RETRY_AFTER = 2;

export function queueUnavailable(cause?: unknown): ProblemError {
  return new ProblemError('queue_unavailable', 'The queue is unavailable; try again shortly.', {
    retryAfterSeconds: RETRY_AFTER,
    cause,
  });
}

export function storageUnavailable(cause?: unknown): ProblemError {
  return new ProblemError('storage_unavailable', 'The object store is unavailable; try again shortly.', {
    retryAfterSeconds: RETRY_AFTER,
    cause,
  });
}

/** two of these in a row must still answer 503 within 2 s, on a busy machine too */
export const OUTSIDE_MS = 700;

/** Makes a short call to the object store. @throws ProblemError storage_unavailable */
export function fromStore<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return withTimeout(OUTSIDE_MS, call, { onTimeout: storageUnavailable });
}

/** Makes a short call to Redis. @throws ProblemError queue_unavailable */
export function fromQueue<T>(call: () => Promise<T>): Promise<T> {
  return withTimeout(OUTSIDE_MS, call, { onTimeout: queueUnavailable });
}
