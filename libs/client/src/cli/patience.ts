import { ApiError, ConnectionError, isPassing } from '../errors.js';
import { pause } from '../pause.js';

const AGAIN_MS = 1000;
const MAX_AGAIN_MS = 30_000;

/** How long a run waits for a server that does not answer, or that is busy. */
export class Patience {
  private wasReached = false;

  private constructor(
    readonly awayMs: number,
    private readonly busyMs: number,
    private readonly isEndless: boolean,
  ) {}

  /** Long enough for a restart of the service, and for a full queue to move. An address that never answered is wrong. */
  static forRun(): Patience {
    return new Patience(60_000, 600_000, false);
  }

  /** Nobody is there to start a watch again. */
  static forWatch(): Patience {
    return new Patience(Infinity, Infinity, true);
  }

  persists(error: unknown): boolean {
    if (error instanceof ConnectionError) return this.isEndless || this.wasReached;
    return isPassing(error) || (this.isEndless && isRejectedKey(error));
  }

  /**
   * Does again what a busy or absent server did not take.
   * @param onAway called before each wait
   */
  async again<T>(call: () => Promise<T>, onAway: (error: Error) => void, signal: AbortSignal): Promise<T> {
    const began = Date.now();
    for (let waitMs = AGAIN_MS; ; waitMs = Math.min(2 * waitMs, MAX_AGAIN_MS)) {
      try {
        const answer = await call();
        this.wasReached = true;
        return answer;
      } catch (error) {
        signal.throwIfAborted();
        this.wasReached ||= error instanceof ApiError;
        const limitMs = error instanceof ConnectionError ? this.awayMs : this.busyMs;
        const wantedMs = (error instanceof ApiError ? error.retryAfterMs : undefined) ?? waitMs;
        if (!this.persists(error) || Date.now() + wantedMs - began > limitMs) throw error;
        onAway(error as Error);
        await pause(wantedMs, signal);
      }
    }
  }
}

export function isRejectedKey(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 401 || error.status === 403);
}
