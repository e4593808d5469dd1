import type { Failure } from '@app/separations';
import type { JobProgress, SeparationJob } from '../separation-job.js';

export interface JobContext {
  /** aborts when the job is cancelled (reason: CancelledJobError), lost to another worker, or handed back at shutdown */
  readonly signal: AbortSignal;
  /** 1 for the first attempt, whatever ended the others */
  readonly attempt: number;
  /** undefined for later attempts */
  readonly queuedAt?: Date | undefined;
  /** Never waits for Redis and never fails. Only the latest of a burst is sent. */
  readonly reportProgress: (progress: JobProgress) => Promise<void>;
}

/** Does the job. The error it throws decides what follows: PermanentJobError, RetryableJobError, UnfitWorkerError. */
export type JobHandler = (job: SeparationJob, context: JobContext) => Promise<void>;

export interface WorkerOptions {
  /** `toWorkers` unless it is named */
  readonly queue?: string;
  /** jobs at once */
  readonly concurrency: number;
  /**
   * Awaited before the job fails in Redis (final) or is retried: record the outcome here.
   * If it rejects for a final failure, the job is kept and retried, and no outcome is lost.
   */
  readonly onFailed?: (job: SeparationJob, failure: Failure, final: boolean) => Promise<void>;
  /** Awaited before a cancelled job is removed; if it rejects, the job is kept, as above. */
  readonly onCancelled?: (job: SeparationJob) => Promise<void>;
  /** The job went to another worker because this one did not renew its lock in time. */
  readonly onLost?: (job: SeparationJob) => void;
  /** Faults of the connection and of BullMQ; jobs continue. */
  readonly onError?: (error: Error) => void;
}
