/**
 * Does both at once. When one fails the other is aborted, and the failure is thrown when both have ended,
 * so that nothing is left running.
 */
export async function together<A, B>(
  signal: AbortSignal,
  first: (signal: AbortSignal) => Promise<A>,
  second: (signal: AbortSignal) => Promise<B>,
): Promise<[A, B]> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const orStop = (error: unknown): never => {
    stop.abort(error);
    throw error;
  };
  const [a, b] = await Promise.allSettled([first(either).catch(orStop), second(either).catch(orStop)]);
  if (a.status === 'fulfilled' && b.status === 'fulfilled') return [a.value, b.value];
  either.throwIfAborted();
  throw stop.signal.reason;
}
