/** A child could not start, ended with an unexpected exit code, or was killed by another process. */
export class ProcessFailedError extends Error {
  readonly code = 'process_failed';

  constructor(
    readonly command: string,
    /** null if it never started or a signal ended it */
    readonly exitCode: number | null,
    readonly stderr: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`${command} ${reason}`, options);
  }
}

/** A child exceeded its time limit. Its group has ended when this is thrown. */
export class ProcessTimeoutError extends Error {
  readonly code = 'process_timeout';

  constructor(
    readonly command: string,
    readonly timeoutMs: number,
  ) {
    super(`${command} timed out after ${timeoutMs} ms`);
  }
}
