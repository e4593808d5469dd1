const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** how long a delivery is tried, ms */
const TRIED_FOR_MS = 24 * HOUR;

/** waits after the first attempts; after that, an hour each */
const FIRST_WAITS_MS = [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE];

/**
 * When to try again, in milliseconds since 1970. The last attempt comes a day after the first; after it, undefined.
 * @param since when the first attempt was due
 * @param failed attempts that have failed since then
 */
export function nextAttemptAt(since: number, failed: number, now: number): number | undefined {
  const end = since + TRIED_FOR_MS;
  return now >= end ? undefined : Math.min(now + (FIRST_WAITS_MS[failed - 1] ?? HOUR), end);
}
