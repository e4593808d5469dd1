/** Work that goes on at the same time and ends together. */
export interface TaskGroup {
  /** aborts with the first failure of the group, and when it is ended from outside */
  readonly signal: AbortSignal;
  /** Begins work now; its failure ends the whole group, whether somebody awaits it or not. */
  start<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/**
 * Gives `use` a group. The first failure aborts the rest and is thrown when all that was begun has ended, so that
 * nothing is left running.
 */
export async function withTaskGroup<T>(signal: AbortSignal, use: (group: TaskGroup) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
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
    // one by one: what still runs may begin something, which is then reached as well
    for (const work of running) await work;
  }
}
