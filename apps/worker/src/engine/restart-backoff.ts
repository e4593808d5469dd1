import type { EngineEnd } from './engine-process.js';

const FIRST_MS = 500;
const MAX_MS = 30_000;
/** after this long, the next crash counts as the first */
const HEALTHY_MS = 60_000;

/** Delay before the engine restarts: none after a requested end, doubled with each crash. */
export class RestartBackoff {
  private crashes = 0;

  /** @returns milliseconds. @param readyForMs how long the engine was ready; 0 if never */
  after(end: EngineEnd, readyForMs: number): number {
    if (readyForMs >= HEALTHY_MS) this.crashes = 0;
    switch (end.cause) {
      case 'stopped':
      case 'interrupted':
        return 0;
      case 'refused':
        return MAX_MS;
      case 'crashed':
      case 'hung':
        return Math.min(FIRST_MS * 2 ** this.crashes++, MAX_MS);
    }
  }
}
