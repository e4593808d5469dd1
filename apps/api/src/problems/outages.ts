import { withTimeout } from '@app/concurrency';
import { RedisUnavailableError } from '@app/redis';
import { ObjectNotFoundError, StorageUnavailableError } from '@app/storage';
import { setTimeout as pause } from 'node:timers/promises';
import { ProblemError } from './problem.error.js';

/** seconds after which a client should retry during an outage */
const RETRY_AFTER = 2;

export function queueUnavailable(cause?: unknown): ProblemError {
  return new ProblemError('queue_unavailable', 'The queue is unavailable; try again shortly.', {
    retryAfterSeconds: RETRY_AFTER,
    cause,
  });
}

/** a disk does not empty itself within seconds */
const RETRY_AFTER_FULL_DISK = 60;

export function outOfDisk(cause: unknown): ProblemError {
  return new ProblemError('out_of_disk', 'The server has no disk space left for this; try again later.', {
    retryAfterSeconds: RETRY_AFTER_FULL_DISK,
    cause,
  });
}

export function noTemporaryFiles(cause: unknown): ProblemError {
  return new ProblemError('out_of_disk', 'The server cannot write temporary files; try again later.', {
    retryAfterSeconds: RETRY_AFTER_FULL_DISK,
    cause,
  });
}

/** what an operator must mend, or a rolling upgrade */
const RETRY_AFTER_BROKEN = 30;

export function ffmpegUnavailable(cause: unknown): ProblemError {
  return new ProblemError('ffmpeg_unavailable', 'The server cannot run ffmpeg; try again later.', {
    retryAfterSeconds: RETRY_AFTER_BROKEN,
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

/** shorter than the time-outs of most clients and proxies, which wait 30 s */
const PATIENCE_MS = 15_000;
const AGAIN_MS = 500;

/** Repeats work that may run twice while Redis or the object store is away, for 15 s at most. */
export async function throughOutage<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let waitMs = AGAIN_MS; ; waitMs *= 2) {
    try {
      return await work();
    } catch (error) {
      if (!isOutage(error) || performance.now() + waitMs > deadline) throw error;
      await pause(waitMs, undefined, { signal });
    }
  }
}

function isOutage(error: unknown): boolean {
  if (error instanceof ProblemError) return error.code === 'queue_unavailable' || error.code === 'storage_unavailable';
  // what we have just stored is there, whatever the store says
  return [RedisUnavailableError, StorageUnavailableError, ObjectNotFoundError].some((kind) => error instanceof kind);
}
