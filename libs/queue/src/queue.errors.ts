import type { FailureCode } from '@app/separations';

/** A value in Redis, or one to be put there, breaks the contract. */
export class InvalidJobError extends Error {
  readonly code = 'invalid_job';
}

/** The attempt failed, and another would fail too. */
export class PermanentJobError extends Error {
  constructor(
    readonly code: FailureCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The attempt failed for a reason that may pass. The retry table says how often it is retried. */
export class RetryableJobError extends Error {
  constructor(
    readonly code: FailureCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * This worker cannot do any job now, but another might: its engine, disk or store is away. The job goes back to the
 * queue, and no attempt is counted. Pause the worker first, or it takes the job again.
 * After many such hand-backs of one job, the `cause` counts as its failure.
 */
export class UnfitWorkerError extends Error {}

/** The job was cancelled: neither a failure nor a success. */
export class CancelledJobError extends Error {
  readonly code = 'cancelled';

  constructor() {
    super('the separation was cancelled');
  }
}
