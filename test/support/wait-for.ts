import { setTimeout as pause } from 'node:timers/promises';

const EVERY_MS = 20;

/**
 * Asks again until the answer is true; an answer that fails counts as not yet.
 * @throws an error that names the condition, after `timeoutMs`
 */
export async function waitFor(
  condition: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 5000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      if (await condition()) return;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`, { cause: last });
    await pause(EVERY_MS);
  }
}
