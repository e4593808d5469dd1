/**
 * Gives a call to the outside at most so many milliseconds: then its signal aborts and `late` is thrown,
 * also where the call does not heed its signal.
 */
export async function within<T>(
  milliseconds: number,
  late: () => Error,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = late();
      reject(error);
      abort.abort(error);
    }, milliseconds);
  });
  try {
    return await Promise.race([call(abort.signal), deadline]);
  } finally {
    clearTimeout(timer);
  }
}
