import { setTimeout as pause } from 'node:timers/promises';
import { patient } from './patience.js';

/** Asks until the answer is neither false nor undefined, and returns it. An error counts as false. */
export async function waitUntil<T>(
  what: string,
  condition: () => T | Promise<T>,
  { deadlineMs = 10_000, everyMs = 25 }: { readonly deadlineMs?: number; readonly everyMs?: number } = {},
): Promise<Exclude<T, false | undefined>> {
  const limitMs = patient(deadlineMs);
  const deadline = Date.now() + limitMs;
  for (let lastError: unknown; ;) {
    try {
      const answer = await condition();
      if (answer !== false && answer !== undefined) return answer as Exclude<T, false | undefined>;
    } catch (error) {
      lastError = error;
    }
    if (Date.now() > deadline) throw new Error(`waited ${limitMs} ms in vain: ${what}`, { cause: lastError });
    await pause(everyMs);
  }
}
