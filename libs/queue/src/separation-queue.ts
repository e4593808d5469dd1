import type { Failure, SeparationId } from '@app/separations';
import type { Queue } from 'bullmq';
import { parseFailure } from './job-failure.js';
import { readJobStates, type JobState } from './job-state.js';
import type { QueueForecast } from './queue-forecast.js';
import { type RedisConnections, allReplies } from '@app/redis';
import { MAX_ATTEMPTS } from './retry.js';
import { JOB_NAME, parseSeparationJob, type SeparationJob } from './separation-job.js';

export type { JobState } from './job-state.js';

/** number of jobs by state */
export interface QueueDepth {
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly failed: number;
}

/** The producer's side of the queue. Every call answers within 2 s or throws RedisUnavailableError. */
export class SeparationQueue {
  constructor(
    private readonly queue: Queue,
    private readonly connections: RedisConnections,
    private readonly forecast: QueueForecast,
  ) {
    // the connection reports every failed attempt here; callers get their own error
    queue.on('error', () => undefined);
  }

  /**
   * Queues the job once: a waiting or active job with this id is kept, a finished one is replaced.
   * A new job clears the request to cancel an earlier one, and the preview of it.
   * @throws InvalidJobError, RedisUnavailableError
   */
  async enqueue(job: SeparationJob): Promise<void> {
    const { id } = parseSeparationJob(job);
    await this.connections.call(async (redis) => {
      const state = await this.queue.getJobState(id);
      const isFinished = state === 'failed' || state === 'completed';
      if (!isFinished && state !== 'unknown') return;
      const { keys } = this.connections;
      allReplies(await redis.multi().zrem(keys.cancelled, id).del(keys.preview(id)).exec());
      if (isFinished) await this.queue.remove(id);
      await this.queue.add(JOB_NAME, job, { jobId: id, attempts: MAX_ATTEMPTS, backoff: { type: 'custom' } });
    });
  }

  /** undefined if there is no live job. @throws RedisUnavailableError */
  async state(id: SeparationId): Promise<JobState | undefined> {
    return (await this.states([id])).get(id);
  }

  /** States of many jobs with one call; ids without a live job are left out. @throws RedisUnavailableError */
  async states(ids: readonly SeparationId[]): Promise<Map<SeparationId, JobState>> {
    return readJobStates(ids, this.connections, this.forecast);
  }

  /**
   * Removes a job that no worker holds. A held one stays: ask its worker through CancelSignals.
   * @throws RedisUnavailableError
   */
  async remove(id: SeparationId): Promise<void> {
    await this.connections.call(() => this.queue.remove(id));
  }

  /** Whether a worker holds the job: one that lost Redis does not, 15 s later. @throws RedisUnavailableError */
  async isHeld(id: SeparationId): Promise<boolean> {
    const lock = `${this.connections.keys.job(id)}:lock`;
    return (await this.connections.call((redis) => redis.exists(lock))) === 1;
  }

  /** Why a kept job failed, if its worker could not record it. @throws RedisUnavailableError */
  async failure(id: SeparationId): Promise<Failure | undefined> {
    const { keys } = this.connections;
    return this.connections.call(async (redis) => {
      if ((await redis.zscore(keys.queue('failed'), id)) === null) return undefined;
      return parseFailure(await redis.hget(keys.job(id), 'failedReason'));
    });
  }

  /** @throws RedisUnavailableError */
  async depth(): Promise<QueueDepth> {
    const { keys } = this.connections;
    const counts = await this.connections.call(async (redis) =>
      allReplies(
        await redis
          .multi()
          .llen(keys.queue('wait'))
          .llen(keys.queue('active'))
          .zcard(keys.queue('delayed'))
          .zcard(keys.queue('failed'))
          .exec(),
      ),
    );
    const [waiting = 0, active = 0, delayed = 0, failed = 0] = counts.map(Number);
    return { waiting, active, delayed, failed };
  }

  /** Age of the oldest waiting job in seconds; 0 if none is waiting. @throws RedisUnavailableError */
  async oldestWaitSeconds(): Promise<number> {
    const { keys } = this.connections;
    const queuedAt = await this.connections.call(async (redis) => {
      // jobs enter on the left and leave on the right
      const oldest = await redis.lindex(keys.queue('wait'), -1);
      return oldest === null ? null : redis.hget(keys.queueKey(oldest), 'timestamp');
    });
    const age = (Date.now() - Number(queuedAt ?? Number.NaN)) / 1000;
    return Number.isFinite(age) ? Math.max(0, age) : 0;
  }

  /** Waiting, delayed and active jobs: what MAX_QUEUED limits. @throws RedisUnavailableError */
  async unfinishedCount(): Promise<number> {
    const { waiting, active, delayed } = await this.depth();
    return waiting + active + delayed;
  }
}
