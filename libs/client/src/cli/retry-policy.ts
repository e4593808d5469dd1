import { ApiError, ConnectionError, isRetryable } from '../errors.js';
import { pause } from '../pause.js';

const RETRY_MS = 1000;
const MAX_RETRY_MS = 30_000;

/** Which failed calls a run retries, and for how long: those to a server that is busy or does not answer. */
export class RetryPolicy {
  private wasReached = false;

  private constructor(
    readonly awayMs: number,
    private readonly busyMs: number,
    private readonly isEndless: boolean,
  ) {}

  /** Long enough for a restart of the service, and for a full queue to move. An address that never answered is wrong. */
  static forRun(): RetryPolicy {
    return new RetryPolicy(60_000, 600_000, false);
  }

  /** Nobody is there to start a watch again. */
  static forWatch(): RetryPolicy {
    return new RetryPolicy(Infinity, Infinity, true);
  }

  shouldRetry(error: unknown): boolean {
    if (error instanceof ConnectionError) return this.isEndless || this.wasReached;
    return isRetryable(error) || (this.isEndless && isRejectedKey(error));
  }

  /**
   * Makes a call, and retries it if the server is busy or does not answer.
   * @param onAway called before each wait
   */
  async run<T>(call: () => Promise<T>, onAway: (error: Error) => void, signal: AbortSignal): Promise<T> {
    const began = Date.now();
    for (let waitMs = RETRY_MS; ; waitMs = Math.min(2 * waitMs, MAX_RETRY_MS)) {
      try {
        const answer = await call();
        this.wasReached = true;
        return answer;
      } catch (error) {
        signal.throwIfAborted();
        this.wasReached ||= error instanceof ApiError;
        const limitMs = error instanceof ConnectionError ? this.awayMs : this.busyMs;
        const wantedMs = (error instanceof ApiError ? error.retryAfterMs : undefined) ?? waitMs;
        if (!this.shouldRetry(error) || Date.now() + wantedMs - began > limitMs) throw error;
        onAway(error as Error);
        await pause(wantedMs, signal);
      }
    }
  }
}

export function isRejectedKey(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 401 || error.status === 403);
}
