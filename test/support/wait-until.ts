import { setTimeout as pause } from 'node:timers/promises';
import { patient } from './patience.js';

/** between two questions: often at first, and not so often that a long wait keeps a core busy */
const PAUSE_MS = { first: 20, growth: 1.25, most: 200 };
/** of a deadline: what is due in 1 s is asked for every 20 ms */
const MOST_OF_DEADLINE = 0.02;

/**
 * Asks until the answer is neither false nor undefined, and returns it. An error counts as false.
 * @param options everyMs: for what may pass soon; by default the pauses grow
 */
export async function waitUntil<T>(
  what: string,
  condition: () => T | Promise<T>,
  { deadlineMs = 10_000, everyMs }: { readonly deadlineMs?: number; readonly everyMs?: number } = {},
): Promise<Exclude<T, false | undefined>> {
  const limitMs = patient(deadlineMs);
  const deadline = Date.now() + limitMs;
  const mostMs = Math.min(PAUSE_MS.most, deadlineMs * MOST_OF_DEADLINE);
  let lastError: unknown;
  for (let pauseMs = PAUSE_MS.first; ; pauseMs = Math.min(mostMs, pauseMs * PAUSE_MS.growth)) {
    try {
      const answer = await condition();
      if (answer !== false && answer !== undefined) return answer as Exclude<T, false | undefined>;
    } catch (error) {
      lastError = error;
    }
    if (Date.now() > deadline) throw new Error(`waited ${limitMs} ms in vain: ${what}`, { cause: lastError });
    await pause(everyMs ?? pauseMs);
  }
}
