import { AsyncLocalStorage } from 'node:async_hooks';

/** Ids that every log line carries. */
export interface LogContext {
  readonly requestId?: string;
  readonly separationId?: string;
}

const storage = new AsyncLocalStorage<LogContext>();

/** Runs `work` with the context, merged into the surrounding one, on every line it logs. */
export function runWithLogContext<T>(context: LogContext, work: () => T): T {
  return storage.run({ ...storage.getStore(), ...context }, work);
}

export function logContext(): LogContext {
  return storage.getStore() ?? {};
}
