import { setTimeout as pause } from 'node:timers/promises';

/** Asks until the answer is neither false nor undefined, and gives it; an error of the condition counts as a no. */
export async function waitUntil<T>(
  what: string,
  condition: () => T | Promise<T>,
  { deadlineMs = 10_000, everyMs = 25 }: { readonly deadlineMs?: number; readonly everyMs?: number } = {},
): Promise<Exclude<T, false | undefined>> {
  const deadline = Date.now() + deadlineMs;
  for (let lastError: unknown; ;) {
    try {
      const answer = await condition();
      if (answer !== false && answer !== undefined) return answer as Exclude<T, false | undefined>;
    } catch (error) {
      lastError = error;
    }
    if (Date.now() > deadline) throw new Error(`waited ${deadlineMs} ms in vain: ${what}`, { cause: lastError });
    await pause(everyMs);
  }
}
