import type { FailureCode } from '@app/separations';

/** What lies in Redis, or is to be put there, is not the contract's. */
export class InvalidJobError extends Error {
  readonly code = 'invalid_job';
}

/** The attempt failed and the next one would too. */
export class PermanentJobError extends Error {
  constructor(
    readonly code: FailureCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The attempt failed for a reason that may pass; how often it is tried again stands in the retry table. */
export class RetryableJobError extends Error {
  constructor(
    readonly code: FailureCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Somebody asked for the end of the job: neither a failure nor a success. */
export class CancelledJobError extends Error {
  readonly code = 'cancelled';

  constructor() {
    super('the separation was cancelled');
  }
}
