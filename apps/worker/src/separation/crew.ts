/** Work that goes on at the same time and ends together. */
export interface Crew {
  /** aborts with the first failure of the crew, and when it is ended from outside */
  readonly signal: AbortSignal;
  /** Begins work now; its failure ends the whole crew, whether somebody awaits it or not. */
  start<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/**
 * Gives `use` a crew. The first failure aborts the rest and is thrown when all that was begun has ended, so that
 * nothing is left running.
 */
export async function withCrew<T>(signal: AbortSignal, use: (crew: Crew) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const running: Promise<unknown>[] = [];
  const crew: Crew = {
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
    return await crew.start(() => use(crew));
  } catch (error) {
    either.throwIfAborted();
    throw error;
  } finally {
    // one by one: what still runs may begin something, which is then reached as well
    for (const work of running) await work;
  }
}
