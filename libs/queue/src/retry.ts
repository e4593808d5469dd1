import type { FailureCode } from '@app/separations';

export interface RetryDecision {
  /** all attempts that may fail with this code, including the first; each code has its own count */
  readonly attempts: number;
  /** delay after the first failure with this code, ms; doubles with each further one, up to 30 s or the first delay */
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
  // a store that once did not find the song, or cut it off, is asked again
  input_missing: { attempts: 4, backoffMs: 1000 },
  // once more, with less work in memory
  out_of_memory: { attempts: 2, backoffMs: 1000 },
  // half an hour: somebody must make room, or another worker has it
  out_of_disk: { attempts: 30, backoffMs: 60_000 },
  ffmpeg_killed: { attempts: 3, backoffMs: 1000 },
  engine_crashed: { attempts: 3, backoffMs: 1000 },
  engine_hung: { attempts: 2, backoffMs: 1000 },
  engine_unavailable: { attempts: 5, backoffMs: 2000 },
  // about five minutes: a store outage must not fail an accepted song
  storage_unavailable: { attempts: 15, backoffMs: 1000 },
  worker_lost: NEVER,
  record_damaged: NEVER,
  internal: { attempts: 2, backoffMs: 1000 },
};

/** BullMQ's own limit, which has one count for all codes; the table ends a job sooner */
export const MAX_ATTEMPTS = Object.values(RETRIES).reduce((sum, { attempts }) => sum + attempts - 1, 1);

export function retryDecision(code: FailureCode): RetryDecision {
  return RETRIES[code];
}

/**
 * Milliseconds before the next attempt, after so many failures with this code. Random jitter adds up to a quarter, which keeps
 * the jobs of one outage from coming back at the same moment.
 */
export function backoff(code: FailureCode, failures: number, random: () => number = Math.random): number {
  const { backoffMs } = RETRIES[code];
  const doubled = backoffMs * 2 ** Math.max(0, failures - 1);
  return Math.round(Math.min(doubled, Math.max(LONGEST_BACKOFF_MS, backoffMs)) * (1 + MAX_JITTER * random()));
}
