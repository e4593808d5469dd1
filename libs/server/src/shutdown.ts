import type { Logger } from '@app/logging';

export interface ShutdownOptions {
  /** the process ends after this in any case, ms */
  readonly deadlineMs: number;
  readonly close: () => Promise<void>;
}

/** Ends the process on SIGTERM and SIGINT once `close` is done, or at the deadline. A second Ctrl-C ends it at once. */
export function closeOnSignals(logger: Logger, { deadlineMs, close }: ShutdownOptions): void {
  let isEnding = false;
  let isInterrupted = false;
  const end = (signal: string): void => {
    if (isEnding && signal === 'SIGINT' && isInterrupted) process.exit(1);
    isInterrupted ||= signal === 'SIGINT';
    if (isEnding) return;
    isEnding = true;
    logger.info(`${signal}: shutting down`);
    setTimeout(() => process.exit(1), deadlineMs).unref();
    close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`the shutdown failed: ${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, end);
}
