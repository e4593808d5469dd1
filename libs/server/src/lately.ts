import type { Ping } from './readiness.js';

const KEPT_MS = 2000;

/** Repeats the last answer for 2 s: the check starts a process, and anybody may ask again and again. */
export function lately(ping: Ping): Ping {
  let askedAt = Number.NEGATIVE_INFINITY;
  let answer: Promise<unknown> = Promise.resolve();
  return (signal) => {
    if (performance.now() - askedAt > KEPT_MS) {
      askedAt = performance.now();
      answer = ping(signal);
    }
    return answer;
  };
}
