/** for what comes after the running jobs: handing them back, the engine's end, the last lines of the log */
const AFTER_GRACE_MS = 15_000;

/** Ends the process on SIGTERM and SIGINT, in order, and in any case `graceSeconds` and 15 s later. */
export function endOnSignals(graceSeconds: number, close: () => Promise<void>): void {
  let ending = false;
  const end = (): void => {
    if (ending) return;
    ending = true;
    setTimeout(() => process.exit(1), graceSeconds * 1000 + AFTER_GRACE_MS).unref();
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
