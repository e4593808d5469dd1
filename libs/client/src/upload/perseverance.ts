import { ApiError, ConnectionError, isRetryable } from '../errors.js';
import { pause } from '../pause.js';

const BACKOFF_MS = 1000;
/** how long to try without a byte that arrives: while no server answers, and while one is busy */
const AWAY_MS = 60_000;
const BUSY_MS = 600_000;
/** an attempt counts for no more: the device may have slept during it */
const ATTEMPT_MS = 30_000;

/** another call is still storing what arrived, or has stored more than we know */
const OF_A_BREAK = ['upload_in_use', 'upload_offset_mismatch'];

/** How long an upload tries again after broken connections, and on a busy server. */
export class Perseverance {
  private triedMs = 0;
  private lastFailure: number | undefined;

  /** Limits in milliseconds. */
  constructor(
    private readonly limits: { readonly away: number; readonly busy: number } = { away: AWAY_MS, busy: BUSY_MS },
  ) {}

  /** Something arrived. */
  renew(): void {
    this.triedMs = 0;
    this.lastFailure = undefined;
  }

  /** Waits before another attempt. @throws the error if another attempt is in vain, or the signal's reason */
  async endure(error: unknown, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const now = Date.now();
    this.triedMs += Math.min(now - (this.lastFailure ?? now), ATTEMPT_MS);
    this.lastFailure = now;
    const limit = error instanceof ConnectionError ? this.limits.away : this.limits.busy;
    if (!mayGoOn(error) || this.triedMs >= limit) throw error;
    const wanted = error instanceof ApiError ? error.retryAfterMs : undefined;
    await pause(Math.min(wanted ?? BACKOFF_MS, limit), signal);
  }

  /** Repeats a call until it succeeds. */
  async repeat<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    for (;;) {
      try {
        return await call();
      } catch (error) {
        await this.endure(error, signal);
      }
    }
  }
}

function mayGoOn(error: unknown): boolean {
  return isRetryable(error) || (error instanceof ApiError && OF_A_BREAK.includes(error.code));
}
