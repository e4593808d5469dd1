import { AsyncLocalStorage } from 'node:async_hooks';

/** What every line says of the work it belongs to. */
export interface LogContext {
  readonly requestId?: string;
  readonly separationId?: string;
}

const storage = new AsyncLocalStorage<LogContext>();

/** Every line that is logged by `work`, and by all it starts, carries the context, added to the one around it. */
export function runWithLogContext<T>(context: LogContext, work: () => T): T {
  return storage.run({ ...storage.getStore(), ...context }, work);
}

export function logContext(): LogContext {
  return storage.getStore() ?? {};
}
