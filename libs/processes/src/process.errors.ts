/** A child could not start, ended with an unexpected exit code, or was killed by another process. */
export class ProcessFailedError extends Error {
  readonly code = 'process_failed';
  /** the signal that ended it, if one did */
  readonly signal: NodeJS.Signals | undefined;

  constructor(
    readonly command: string,
    /** null if it never started or a signal ended it */
    readonly exitCode: number | null,
    readonly stderr: string,
    reason: string,
    { signal, ...options }: ErrorOptions & { readonly signal?: NodeJS.Signals | undefined } = {},
  ) {
    super(`${command} ${reason}`, options);
    this.signal = signal;
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
