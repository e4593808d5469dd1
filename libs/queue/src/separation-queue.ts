import type { Failure, SeparationId } from '@app/separations';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { parseFailure } from './job-failure.js';
import { readJobStates, type JobState } from './job-state.js';
import type { QueueForecast } from './queue-forecast.js';
import { type RedisConnections, allReplies, texts } from '@app/redis';
import { MAX_ATTEMPTS } from './retry.js';
import { JOB_NAME, parseSeparationJob, parseStoredJob, type SeparationJob } from './separation-job.js';
import { FairTurns } from './turns/fair-turns.js';
import { queuedIds } from './turns/queued-ids.js';

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
  private readonly turns: FairTurns;

  constructor(
    private readonly queue: Queue,
    private readonly connections: RedisConnections,
    private readonly forecast: QueueForecast,
  ) {
    // the connection reports every failed attempt here; callers get their own error
    queue.on('error', () => undefined);
    this.turns = new FairTurns(connections);
  }

  /**
   * Queues the job once: a waiting or active job with this id is kept, a finished one is replaced.
   * A new job clears the request to cancel an earlier one, and the preview of it. One that waits with low priority is
   * queued again with the normal one.
   * @throws InvalidJobError, RedisUnavailableError
   */
  async enqueue(job: SeparationJob): Promise<void> {
    const { id } = parseSeparationJob(job);
    await this.connections.call(async (redis) => {
      const state = await this.queue.getJobState(id);
      const isFinished = state === 'failed' || state === 'completed';
      // a worker may take it meanwhile: then it is neither removed nor queued again
      if (
        !isFinished &&
        state !== 'unknown' &&
        !((await this.isRaised(redis, job)) && (await this.queue.remove(id)) === 1)
      )
        return;
      const { keys } = this.connections;
      allReplies(await redis.multi().zrem(keys.cancelled, id).del(keys.preview(id)).exec());
      if (isFinished) await this.queue.remove(id);
      await this.turns.take(redis, id, job.turn, (priority) =>
        this.queue.add(JOB_NAME, job, { jobId: id, priority, attempts: MAX_ATTEMPTS, backoff: { type: 'custom' } }),
      );
    });
  }

  /** Whether it waits with low priority, and is now wanted with the normal one. */
  private async isRaised(redis: Redis, { id, turn }: SeparationJob): Promise<boolean> {
    if (turn?.priority !== 'normal') return false;
    const { keys } = this.connections;
    const [place, data] = await Promise.all([
      redis.zscore(keys.queue('prioritized'), id),
      redis.hget(keys.job(id), 'data'),
    ]);
    return place !== null && parseStoredJob(data)?.turn?.priority === 'low';
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
          .zcard(keys.queue('prioritized'))
          .llen(keys.queue('active'))
          .zcard(keys.queue('delayed'))
          .zcard(keys.queue('failed'))
          .exec(),
      ),
    );
    const [first = 0, inTurn = 0, active = 0, delayed = 0, failed = 0] = counts.map(Number);
    return { waiting: first + inTurn, active, delayed, failed };
  }

  /** Age of the oldest waiting job in seconds; 0 if none is waiting. @throws RedisUnavailableError */
  async oldestWaitSeconds(): Promise<number> {
    const { keys } = this.connections;
    const times = await this.connections.call(async (redis) => {
      const jobs = redis.pipeline();
      for (const id of (await queuedIds(redis, keys)).waiting) jobs.hget(keys.queueKey(id), 'timestamp');
      return texts(allReplies(await jobs.exec())).map(Number);
    });
    const oldest = times.reduce((earliest, time) => Math.min(earliest, time), Date.now());
    return (Date.now() - oldest) / 1000;
  }

  /** Waiting, delayed and active jobs: what MAX_QUEUED limits. @throws RedisUnavailableError */
  async unfinishedCount(): Promise<number> {
    const { waiting, active, delayed } = await this.depth();
    return waiting + active + delayed;
  }
}
