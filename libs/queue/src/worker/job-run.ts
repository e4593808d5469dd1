import type { Job } from 'bullmq';
import type { JobProgress, SeparationJob } from '../separation-job.js';
import type { JobContext } from './worker-options.js';

/** This worker does not do the job; it goes back to the queue. */
export class HandedBackError extends Error {
  constructor() {
    super('the job goes back to the queue');
  }
}

/** The queue considered this worker dead and gave the job to another. */
export class LostJobError extends Error {
  constructor() {
    super('the job was given to another worker');
  }
}

/** One attempt at a job, in this process. */
export class JobRun implements JobContext {
  /** resolves once the attempt is over and the queue has recorded it */
  readonly ended: Promise<void>;
  readonly end: () => void;
  private readonly controller = new AbortController();
  private latest: JobProgress | undefined;
  private reporting: Promise<void> | undefined;

  constructor(
    readonly job: SeparationJob,
    readonly bullJob: Job,
  ) {
    let end = (): void => undefined;
    this.ended = new Promise((resolve) => {
      end = resolve;
    });
    this.end = end;
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get attempt(): number {
    return this.bullJob.attemptsMade + 1;
  }

  get queuedAt(): Date | undefined {
    const { attemptsMade, stalledCounter, timestamp } = this.bullJob;
    return attemptsMade === 0 && stalledCounter === 0 ? new Date(timestamp) : undefined;
  }

  /** Later reasons are ignored. */
  abort(reason: Error): void {
    this.controller.abort(reason);
  }

  readonly reportProgress = (progress: JobProgress): Promise<void> => {
    this.latest = progress;
    this.reporting ??= this.report();
    return Promise.resolve();
  };

  private async report(): Promise<void> {
    while (this.latest !== undefined) {
      const { percent, stage } = this.latest;
      this.latest = undefined;
      // a job that has just ended takes no progress
      await this.bullJob.updateProgress({ percent, stage }).catch(() => undefined);
    }
    this.reporting = undefined;
  }
}
