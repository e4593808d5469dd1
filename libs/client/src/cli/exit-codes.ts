/** Exit codes of the command line; `separate --help` lists them. */
export const EXIT = { done: 0, songFailed: 1, usage: 2, serverAway: 3, interrupted: 130, terminated: 143 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** An error that the user can fix: printed as one message, without a stack. */
export class PlainError extends Error {
  constructor(
    message: string,
    readonly exitCode: ExitCode = EXIT.usage,
  ) {
    super(message);
  }
}

/** A signal asked to stop. */
export class StopError extends Error {
  constructor(readonly exitCode: 130 | 143) {
    super('Stopped.');
  }

  /** Ctrl-C cancels what is being separated; SIGTERM leaves it to the server. */
  get cancels(): boolean {
    return this.exitCode === EXIT.interrupted;
  }
}
