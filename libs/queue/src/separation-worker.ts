import type { Failure } from '@app/separations';
import type { RedisConnections } from './redis-connections.js';
import type { JobProgress, SeparationJob } from './separation-job.js';

export interface JobContext {
  /** aborts when the job is cancelled (reason CancelledJobError), lost to another worker, or handed back at the end */
  readonly signal: AbortSignal;
  /** 1 is the first */
  readonly attempt: number;
  reportProgress(progress: JobProgress): Promise<void>;
}

export type JobHandler = (job: SeparationJob, context: JobContext) => Promise<void>;

export interface WorkerOptions {
  /** jobs at once */
  readonly concurrency: number;
  /** Awaited before the job is failed in Redis (final) or tried again: the place to write the outcome down. */
  readonly onFailed?: (job: SeparationJob, failure: Failure, final: boolean) => Promise<void>;
  /** Awaited before a cancelled job is taken away. */
  readonly onCancelled?: (job: SeparationJob) => Promise<void>;
  /** The job was given to another worker, because this one could not prove in time that it lives. */
  readonly onLost?: (job: SeparationJob) => void;
  /** Faults of the connection and of BullMQ; jobs go on. */
  readonly onError?: (error: Error) => void;
}

/** Takes jobs from the queue and runs the handler on each. */
export class SeparationWorker {
  constructor(
    private readonly connections: RedisConnections,
    private readonly handler: JobHandler,
    private readonly options: WorkerOptions,
  ) {}

  start(): Promise<void> {
    throw new Error(`not written yet: ${typeof this.connections} ${typeof this.handler} ${this.options.concurrency}`);
  }

  /** Takes no more jobs, gives running ones `graceMs` to end, and hands the rest back to the queue. */
  close(options: { readonly graceMs: number }): Promise<void> {
    throw new Error(`not written yet: ${options.graceMs}`);
  }
}
