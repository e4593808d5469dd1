import { ProblemError } from './problem.error.js';

/**
 * Refuses a call that finds a limit reached: 429 to one who has its share of it, 503 to the others.
 * @param what in the plural
 */
export function atCapacity(what: string, retryAfterSeconds: number): (full: 'share' | 'all') => ProblemError {
  return (full) =>
    full === 'share'
      ? new ProblemError('too_many_at_once', `You already have your share of ${what}.`, { retryAfterSeconds })
      : new ProblemError('busy', `There are too many ${what}.`, { retryAfterSeconds });
}
