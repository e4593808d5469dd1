import { isFailureCode, type Failure } from '@app/separations';
import { UnrecoverableError } from 'bullmq';
import { PermanentJobError, RetryableJobError } from './queue.errors.js';
import { retryDecision } from './retry.js';

/** Describes an error that a handler threw; an unexpected one is `internal`, and its words are for the log alone. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof PermanentJobError || error instanceof RetryableJobError) {
    return { code: error.code, message: error.message };
  }
  return { code: 'internal', message: 'an internal error' };
}

/** Whether no attempt follows. @param failures with this code so far, this one included */
export function isFinal(error: unknown, failures: number): boolean {
  return error instanceof PermanentJobError || failures >= retryDecision(describeFailure(error).code).attempts;
}

/** BullMQ stores a failure as one line of text. */
export function formatFailure({ code, message }: Failure): string {
  return `${code}: ${message}`;
}

export function parseFailure(reason: string | null): Failure {
  const [, code, message] = /^([a-z_]+): (.*)$/s.exec(reason ?? '') ?? [];
  if (isFailureCode(code)) return { code, message: message ?? '' };
  // BullMQ gave the job up by itself: it was started or stalled too often
  return { code: 'worker_lost', message: reason ?? 'the job ended without a reason' };
}

/** an attempt that will be followed by another */
export class FailedAttemptError extends Error {
  constructor(
    readonly failure: Failure,
    /** with its code so far */
    readonly failures: number,
  ) {
    super(formatFailure(failure));
  }
}

/** the last attempt */
export class GivenUpError extends UnrecoverableError {
  constructor(failure: Failure) {
    super(formatFailure(failure));
  }
}
