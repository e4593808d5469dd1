export interface TimeoutOptions {
  readonly signal?: AbortSignal | undefined;
  /** Creates the error that is thrown after the time-out. */
  readonly onTimeout?: () => Error;
}

/**
 * Limits the duration of a call. When time is up or the signal aborts, the call's own signal aborts and this throws,
 * even if the call ignores its signal. A late result is dropped.
 */
export async function withTimeout<T>(
  milliseconds: number,
  call: (signal: AbortSignal) => Promise<T>,
  { signal, onTimeout = () => new Error(`no answer within ${milliseconds} ms`) }: TimeoutOptions = {},
): Promise<T> {
  signal?.throwIfAborted();
  const timeout = new AbortController();
  const either = signal === undefined ? timeout.signal : AbortSignal.any([signal, timeout.signal]);
  // listens before the call does: the call's own error must not come first after an abort
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = (): void => {
      reject(either.reason as Error);
    };
    either.addEventListener('abort', onAbort);
  });
  const timer = setTimeout(() => {
    timeout.abort(onTimeout());
  }, milliseconds);
  try {
    return await Promise.race([call(either), aborted]);
  } finally {
    clearTimeout(timer);
    // Node keeps a combined signal alive for as long as anyone listens to it
    either.removeEventListener('abort', onAbort);
  }
}
