import type { FailureCode } from '@app/separations';

export interface RetryDecision {
  /** all attempts together, the first included */
  readonly attempts: number;
  /** wait before the second attempt, milliseconds; doubled for each further one, 30 s at most */
  readonly backoffMs: number;
}

const NEVER: RetryDecision = { attempts: 1, backoffMs: 0 };
const LONGEST_BACKOFF_MS = 30_000;

/** The one place that says what is tried again, and how often. */
const RETRIES: Readonly<Record<FailureCode, RetryDecision>> = {
  undecodable_audio: NEVER,
  duration_limit: NEVER,
  not_finite: NEVER,
  model_not_installed: NEVER,
  unknown_stem: NEVER,
  weights_mismatch: NEVER,
  input_missing: NEVER,
  // once more, with smaller work
  out_of_memory: { attempts: 2, backoffMs: 1000 },
  engine_crashed: { attempts: 3, backoffMs: 1000 },
  engine_hung: { attempts: 2, backoffMs: 1000 },
  engine_unavailable: { attempts: 5, backoffMs: 2000 },
  // about five minutes: an outage of the store must not cost an accepted song
  storage_unavailable: { attempts: 15, backoffMs: 1000 },
  worker_lost: NEVER,
  internal: { attempts: 2, backoffMs: 1000 },
};

/** what BullMQ is told; the table ends a job sooner */
export const MAX_ATTEMPTS = Math.max(...Object.values(RETRIES).map(({ attempts }) => attempts));

export function retryDecision(code: FailureCode): RetryDecision {
  return RETRIES[code];
}

/** Milliseconds before the next attempt, after `attempts` have failed. */
export function backoff(code: FailureCode, attempts: number): number {
  return Math.min(RETRIES[code].backoffMs * 2 ** Math.max(0, attempts - 1), LONGEST_BACKOFF_MS);
}
