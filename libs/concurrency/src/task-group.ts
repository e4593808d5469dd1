import { setMaxListeners } from 'node:events';

/** Concurrent work that ends together. */
export interface TaskGroup {
  /** aborts on the group's first failure and with the caller's signal */
  readonly signal: AbortSignal;
  /** Starts work now. Its failure ends the whole group, awaited or not. */
  start<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/**
 * Runs `use` with a task group. The first failure aborts the rest. It is thrown when all started work has ended.
 */
export async function withTaskGroup<T>(signal: AbortSignal, use: (group: TaskGroup) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  // all work of the group listens: Node warns of more than ten
  setMaxListeners(0, either);
  const running: Promise<unknown>[] = [];
  const group: TaskGroup = {
    signal: either,
    start: (work) => {
      const result = work(either);
      const watched = result.catch((error: unknown) => {
        stop.abort(error);
      });
      running.push(watched);
      return result;
    },
  };
  try {
    return await group.start(() => use(group));
  } catch (error) {
    either.throwIfAborted();
    throw error;
  } finally {
    // one by one: running work may start more, which this loop then reaches too
    for (const work of running) await work;
  }
}
