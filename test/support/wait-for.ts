import { waitUntil } from './wait-until.js';

/** waitUntil where only the truth of the condition matters; the time-out is in milliseconds. */
export async function waitFor(
  condition: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 5000,
): Promise<void> {
  await waitUntil(what, condition, { deadlineMs: timeoutMs });
}
