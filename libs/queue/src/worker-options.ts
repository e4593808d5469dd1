import type { Failure } from '@app/separations';
import type { JobProgress, SeparationJob } from './separation-job.js';

export interface JobContext {
  /** aborts when the job is cancelled (reason CancelledJobError), lost to another worker, or handed back at the end */
  readonly signal: AbortSignal;
  /** 1 is the first */
  readonly attempt: number;
  /** Never waits for Redis and never fails; of many at once only the newest is sent. */
  readonly reportProgress: (progress: JobProgress) => Promise<void>;
}

/** Does the job. What it throws decides: see PermanentJobError, RetryableJobError, CancelledJobError. */
export type JobHandler = (job: SeparationJob, context: JobContext) => Promise<void>;

export interface WorkerOptions {
  /** jobs at once */
  readonly concurrency: number;
  /**
   * Awaited before the job is failed in Redis (final) or tried again: the place to write the outcome down.
   * Where it rejects on a final one the job is kept and tried again, so that no outcome is lost.
   */
  readonly onFailed?: (job: SeparationJob, failure: Failure, final: boolean) => Promise<void>;
  /** Awaited before a cancelled job is taken away; where it rejects the job is kept, as above. */
  readonly onCancelled?: (job: SeparationJob) => Promise<void>;
  /** The job was given to another worker, because this one could not prove in time that it lives. */
  readonly onLost?: (job: SeparationJob) => void;
  /** Faults of the connection and of BullMQ; jobs go on. */
  readonly onError?: (error: Error) => void;
}
