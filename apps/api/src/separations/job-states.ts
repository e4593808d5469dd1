import { Injectable } from '@nestjs/common';
import { Batch } from '@app/concurrency';
import { SeparationQueue, type JobState } from '@app/queue';
import type { SeparationId } from '@app/separations';
import { fromQueue } from '../problems/outages.js';

/** Looks up jobs, with one call to Redis for all that are asked for at once. */
@Injectable()
export class JobStates {
  private readonly batch: Batch<SeparationId, JobState>;

  constructor(queue: SeparationQueue) {
    this.batch = new Batch((ids) => fromQueue(() => queue.states(ids)));
  }

  /** undefined if there is no live job. @throws ProblemError queue_unavailable */
  of(id: SeparationId): Promise<JobState | undefined> {
    return this.batch.get(id);
  }
}
