import type { FailureCode } from '@app/separations';

export interface RetryDecision {
  /** all attempts, including the first */
  readonly attempts: number;
  /** delay before the second attempt, ms; doubles with each further attempt, up to 30 s */
  readonly backoffMs: number;
}

const NEVER: RetryDecision = { attempts: 1, backoffMs: 0 };
const LONGEST_BACKOFF_MS = 30_000;
const MAX_JITTER = 0.25;

/** The one place that decides what is retried, and how often. */
const RETRIES: Readonly<Record<FailureCode, RetryDecision>> = {
  undecodable_audio: NEVER,
  duration_limit: NEVER,
  not_finite: NEVER,
  model_not_installed: NEVER,
  unknown_stem: NEVER,
  weights_mismatch: NEVER,
  input_missing: NEVER,
  // once more, with less work in memory
  out_of_memory: { attempts: 2, backoffMs: 1000 },
  engine_crashed: { attempts: 3, backoffMs: 1000 },
  engine_hung: { attempts: 2, backoffMs: 1000 },
  engine_unavailable: { attempts: 5, backoffMs: 2000 },
  // about five minutes: a store outage must not fail an accepted song
  storage_unavailable: { attempts: 15, backoffMs: 1000 },
  worker_lost: NEVER,
  record_damaged: NEVER,
  internal: { attempts: 2, backoffMs: 1000 },
};

/** BullMQ's own limit; the table ends a job sooner */
export const MAX_ATTEMPTS = Math.max(...Object.values(RETRIES).map(({ attempts }) => attempts));

export function retryDecision(code: FailureCode): RetryDecision {
  return RETRIES[code];
}

/**
 * Milliseconds before the next attempt, after `attempts` have failed. Random jitter adds up to a quarter, which keeps
 * the jobs of one outage from coming back at the same moment.
 */
export function backoff(code: FailureCode, attempts: number, random: () => number = Math.random): number {
  const doubled = RETRIES[code].backoffMs * 2 ** Math.max(0, attempts - 1);
  return Math.round(Math.min(doubled, LONGEST_BACKOFF_MS) * (1 + MAX_JITTER * random()));
}
