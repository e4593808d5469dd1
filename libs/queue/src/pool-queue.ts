import type { ThroughputStats, WorkerPresence } from '@app/fleet';
import { allReplies, texts, type QueueKeys, type RedisConnections } from '@app/redis';
import type { Failure, SeparationId } from '@app/separations';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { openQueue } from './bull-queue.js';
import { parseFailure } from './job-failure.js';
import { QueueForecast } from './queue-forecast.js';
import { MAX_ATTEMPTS } from './retry.js';
import { JOB_NAME, parseStoredJob, type SeparationJob } from './separation-job.js';
import { FairTurns } from './turns/fair-turns.js';
import { queuedIds } from './turns/queued-ids.js';

/** number of jobs by state */
export interface QueueDepth {
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly failed: number;
}

/** how long failed jobs of a queue without workers are kept, as BullMQ keeps those of the others, ms */
const FAILED_KEPT_MS = 3600 * 1000;

/** One queue of BullMQ. Its calls are parts of those of `SeparationQueue`, which have a time limit. */
export class PoolQueue {
  readonly keys: QueueKeys;
  readonly forecast: QueueForecast;
  private readonly turns: FairTurns;
  private readonly bull: Queue;

  constructor(
    readonly name: string,
    connections: RedisConnections,
    speeds: ThroughputStats,
    workers: WorkerPresence,
  ) {
    this.keys = connections.keys.queue(name);
    this.forecast = new QueueForecast(connections, speeds, workers, this.keys);
    this.turns = new FairTurns(connections, this.keys);
    this.bull = openQueue(connections, name);
    // the connection reports every failed attempt here; callers get their own error
    this.bull.on('error', () => undefined);
  }

  /** Adds the job in its turn. One that is there is kept. */
  async add(redis: Redis, job: SeparationJob): Promise<void> {
    const { id } = job;
    await this.turns.take(redis, id, job.turn, (priority) =>
      this.bull.add(JOB_NAME, job, { jobId: id, priority, attempts: MAX_ATTEMPTS, backoff: { type: 'custom' } }),
    );
  }

  /** @returns false if a worker holds the job */
  async remove(id: SeparationId): Promise<boolean> {
    return (await this.bull.remove(id)) === 1;
  }

  async standOf(id: SeparationId): Promise<'absent' | 'ended' | 'live'> {
    const state = await this.bull.getJobState(id);
    if (state === 'unknown') return 'absent';
    return state === 'failed' || state === 'completed' ? 'ended' : 'live';
  }

  /** Whether it waits with low priority. */
  async isLow(redis: Redis, id: SeparationId): Promise<boolean> {
    const [place, data] = await Promise.all([
      redis.zscore(this.keys.state('prioritized'), id),
      redis.hget(this.keys.job(id), 'data'),
    ]);
    return place !== null && parseStoredJob(data)?.turn?.priority === 'low';
  }

  /** The jobs that no worker holds, and whose songs go into another queue by now. */
  async misrouted(redis: Redis, queueOf: (model: string) => string | undefined): Promise<SeparationJob[]> {
    const { active, waiting } = await queuedIds(redis, this.keys);
    const delayed = await redis.zrange(this.keys.state('delayed'), '0', '-1');
    const looked = redis.pipeline();
    for (const id of [...waiting, ...delayed, ...active]) {
      looked.hget(this.keys.key(id), 'data').exists(`${this.keys.key(id)}:lock`);
    }
    const replies = allReplies(await looked.exec());
    return replies.flatMap((data, at) => {
      if (at % 2 === 1 || replies[at + 1] === 1) return [];
      const job = parseStoredJob(data);
      return job === undefined || queueOf(job.model) === this.name ? [] : [job];
    });
  }

  async failure(redis: Redis, id: SeparationId): Promise<Failure | undefined> {
    if ((await redis.zscore(this.keys.state('failed'), id)) === null) return undefined;
    return parseFailure(await redis.hget(this.keys.job(id), 'failedReason'));
  }

  async depth(redis: Redis): Promise<QueueDepth> {
    const { keys } = this;
    const counts = allReplies(
      await redis
        .multi()
        .llen(keys.state('wait'))
        .zcard(keys.state('prioritized'))
        .llen(keys.state('active'))
        .zcard(keys.state('delayed'))
        .zcard(keys.state('failed'))
        .exec(),
    );
    const [first = 0, inTurn = 0, active = 0, delayed = 0, failed = 0] = counts.map(Number);
    return { waiting: first + inTurn, active, delayed, failed };
  }

  /** Ids of the jobs that wait, the next one first. */
  async waitingIds(redis: Redis): Promise<readonly string[]> {
    return (await queuedIds(redis, this.keys)).waiting;
  }

  /** Age of the oldest waiting job in seconds, without those of low priority; 0 if there is none. */
  async oldestWaitSeconds(redis: Redis): Promise<number> {
    const jobs = redis.pipeline();
    for (const id of (await queuedIds(redis, this.keys)).waiting) jobs.hmget(this.keys.key(id), 'timestamp', 'data');
    const now = Date.now();
    const times = allReplies(await jobs.exec()).flatMap((reply) => {
      const [timestamp, data = ''] = texts(reply);
      // a worker may have taken it meanwhile
      return timestamp === undefined || parseStoredJob(data)?.turn?.priority === 'low' ? [] : [Number(timestamp)];
    });
    return (now - times.reduce((earliest, time) => Math.min(earliest, time), now)) / 1000;
  }

  /** Removes a queue without workers, once it is empty. @returns whether it is gone */
  async removeIfEmpty(redis: Redis): Promise<boolean> {
    await this.bull.clean(FAILED_KEPT_MS, 1000, 'failed');
    const { waiting, active, delayed, failed } = await this.depth(redis);
    if (waiting + active + delayed + failed > 0) return false;
    try {
      await this.bull.obliterate();
    } catch (error) {
      // it has paused the queue, and refuses one of which a worker took a job meanwhile
      await this.bull.resume();
      if (error instanceof Error && error.message.includes('active jobs')) return false;
      throw error;
    }
    return true;
  }

  /** Lets workers take its jobs again, after a process was killed that was removing the queue. */
  async resume(): Promise<void> {
    if (await this.bull.isPaused()) await this.bull.resume();
  }
}
