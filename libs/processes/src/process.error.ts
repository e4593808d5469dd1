/** A child could not be started, ended with an exit code that was not expected, or was killed by somebody else. */
export class ProcessFailedError extends Error {
  readonly code = 'process_failed';

  constructor(
    readonly command: string,
    /** null where it never started or a signal ended it */
    readonly exitCode: number | null,
    readonly stderr: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`${command} ${reason}`, options);
  }
}

/** A child ran longer than it may; its group is gone when this is thrown. */
export class ProcessTimeoutError extends Error {
  readonly code = 'process_timeout';

  constructor(
    readonly command: string,
    readonly timeoutMs: number,
  ) {
    super(`${command} was ended after ${timeoutMs} ms`);
  }
}
