type Reply = [error: Error | null, result: unknown];

/** The results of a transaction. @throws the first error of its commands, or if it was discarded */
export function allReplies(replies: readonly Reply[] | null): unknown[] {
  if (replies === null) throw new Error('the transaction was discarded');
  return replies.map(([error, result]) => {
    if (error !== null) throw error;
    return result;
  });
}

export function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

export function json(value: unknown): unknown {
  if (typeof value !== 'string') return undefined;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}
