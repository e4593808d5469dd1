import type { Failure, SeparationId } from '@app/separations';
import type { RedisConnections } from './redis-connections.js';
import type { JobProgress, SeparationJob } from './separation-job.js';
import type { SpeedBook } from './speed-book.js';
import type { WorkerRegistry } from './worker-registry.js';

export type JobState =
  | {
      readonly status: 'queued';
      /** 1 is the next one */
      readonly position: number;
      /** until it is done, seconds; null where it cannot be told */
      readonly etaSeconds: number | null;
    }
  | { readonly status: 'processing'; readonly startedAt: string; readonly progress: JobProgress };

export interface QueueDepth {
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly failed: number;
}

export interface FailedJob {
  readonly id: SeparationId;
  readonly failure: Failure;
}

/** The producer's side of the queue. Every call answers within 2 s or throws QueueUnavailableError. */
export class SeparationQueue {
  constructor(
    private readonly connections: RedisConnections,
    private readonly speeds: SpeedBook,
    private readonly workers: WorkerRegistry,
  ) {}

  /**
   * Queues the job once: a waiting or active one of that id is kept, a failed one is replaced.
   * Forgets a wish to cancel of an earlier run.
   */
  enqueue(job: SeparationJob): Promise<void> {
    throw new Error(
      `not written yet: ${job.id} ${typeof this.connections} ${typeof this.speeds} ${typeof this.workers}`,
    );
  }

  /** undefined where there is no live job */
  state(id: SeparationId): Promise<JobState | undefined> {
    throw new Error(`not written yet: ${id}`);
  }

  /** of many at once; those without a live job are left out */
  states(ids: readonly SeparationId[]): Promise<Map<SeparationId, JobState>> {
    throw new Error(`not written yet: ${ids.length}`);
  }

  /** Takes away a waiting or failed job; an active one stays: ask its worker by CancelSignals. */
  remove(id: SeparationId): Promise<void> {
    throw new Error(`not written yet: ${id}`);
  }

  /** why a kept job failed, where the worker could not write it down itself */
  failure(id: SeparationId): Promise<Failure | undefined> {
    throw new Error(`not written yet: ${id}`);
  }

  depth(): Promise<QueueDepth> {
    throw new Error('not written yet');
  }

  /** age of the job that waits longest, seconds; 0 where none waits */
  oldestWaitSeconds(): Promise<number> {
    throw new Error('not written yet');
  }

  /** waiting, delayed and active jobs: what MAX_QUEUED limits */
  unfinishedCount(): Promise<number> {
    throw new Error('not written yet');
  }
}
