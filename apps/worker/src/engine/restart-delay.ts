import type { EngineEnd } from './engine-process.js';

const FIRST_MS = 500;
const LONGEST_MS = 30_000;
/** a life as long as this shows that the last trouble has passed */
const HEALTHY_MS = 60_000;

/** How long to wait before the engine is started again: at once after a wanted end, longer after each crash. */
export class RestartDelay {
  private crashes = 0;

  /** Milliseconds, for an engine that was ready for so long (0 where it never was). */
  after(end: EngineEnd, readyForMs: number): number {
    if (readyForMs >= HEALTHY_MS) this.crashes = 0;
    switch (end.cause) {
      case 'stopped':
        return 0;
      case 'refused':
        return LONGEST_MS;
      case 'crashed':
      case 'hung':
        return Math.min(FIRST_MS * 2 ** this.crashes++, LONGEST_MS);
    }
  }
}
