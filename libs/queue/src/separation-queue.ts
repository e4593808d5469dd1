import type { ThroughputStats, WorkerPresence } from '@app/fleet';
import { allReplies, QUEUE_NAME, texts, type RedisConnections } from '@app/redis';
import { isSeparationId, type Failure, type SeparationId } from '@app/separations';
import type { Redis } from 'ioredis';
import { readJobStates, type JobState } from './job-state.js';
import { ModelRoutes } from './model-routes.js';
import { PoolQueue, type QueueDepth } from './pool-queue.js';
import { InvalidJobError } from './queue.errors.js';
import { parseSeparationJob, type SeparationJob } from './separation-job.js';

export type { JobState } from './job-state.js';
export type { QueueDepth } from './pool-queue.js';

/** how long a change of the routes by another process may stay unseen, ms */
const KNOWN_MS = 5000;

/**
 * The producer's side of the queues: that of each model, and those that models had before, until they are empty.
 * Every call answers within 2 s or throws RedisUnavailableError.
 */
export class SeparationQueue {
  private readonly queues = new Map<string, PoolQueue>();
  private readonly routed: readonly PoolQueue[];
  private known: { readonly at: number; readonly names: readonly string[] } | undefined;

  constructor(
    private readonly connections: RedisConnections,
    private readonly speeds: ThroughputStats,
    private readonly workers: WorkerPresence,
    private readonly routes = new ModelRoutes(),
  ) {
    this.routed = routes.queues.map((name) => this.queue(name));
  }

  /** Whether a pool of workers has the model, running or not. */
  takes(model: string): boolean {
    return this.routes.queueOf(model) !== undefined;
  }

  /**
   * Queues the job once: a waiting or active job with this id is kept, a finished one is replaced.
   * A new job clears the request to cancel an earlier one, and the preview of it. One that waits with low priority is
   * queued again with the normal one.
   * @throws InvalidJobError, also if no pool has its model; RedisUnavailableError
   */
  async enqueue(job: SeparationJob): Promise<void> {
    const { id, model } = parseSeparationJob(job);
    const target = this.routeOf(model);
    if (target === undefined) throw new InvalidJobError(`job: no pool of workers has the model ${model}`);
    await this.call(async (redis, queues) => {
      const stands = await Promise.all(queues.map((queue) => queue.standOf(id)));
      for (const queue of queues.filter((_, at) => stands[at] === 'live')) {
        // a worker may take it meanwhile: then it is neither removed nor queued again
        const isRaised = job.turn?.priority === 'normal' && (await queue.isLow(redis, id));
        if (!isRaised || !(await queue.remove(id))) return;
      }
      const { keys } = this.connections;
      allReplies(await redis.multi().zrem(keys.cancelled, id).del(keys.preview(id)).exec());
      for (const queue of queues.filter((_, at) => stands[at] === 'ended')) await queue.remove(id);
      await this.add(redis, target, job);
    });
  }

  /**
   * Moves the songs whose model has another queue by now: pools came or went. A song that a worker holds stays until it
   * is given back. One whose model no pool has is only removed.
   * @returns those that were in a wrong queue
   * @throws RedisUnavailableError
   */
  async reroute(): Promise<SeparationId[]> {
    // a change of another process shows at once
    this.known = undefined;
    const queues = await this.call((_redis, all) => Promise.resolve(all));
    const moved: SeparationId[] = [];
    for (const queue of queues) {
      await this.call(() => queue.resume());
      const jobs = await this.call((redis) => queue.misrouted(redis, (model) => this.routes.queueOf(model)));
      for (const job of jobs) {
        await this.call(async (redis) => {
          const target = this.routeOf(job.model);
          // first there: a song that is in neither queue would look lost
          if (target !== undefined) await this.add(redis, target, job);
          await queue.remove(job.id);
        });
        moved.push(job.id);
      }
      if (!this.routed.includes(queue)) await this.forgetIfEmpty(queue);
    }
    return moved;
  }

  /**
   * Puts a job that a worker took from a queue into that of its model, if this is another one: the routes may have
   * changed while it waited. Counts it in `hops`. @returns whether it did @throws RedisUnavailableError
   */
  async forward(job: SeparationJob, from: string): Promise<boolean> {
    const target = this.routeOf(job.model);
    if (target === undefined || target.name === from) return false;
    await this.call((redis) => this.add(redis, target, { ...job, hops: (job.hops ?? 0) + 1 }));
    return true;
  }

  /** undefined if there is no live job. @throws RedisUnavailableError */
  async state(id: SeparationId): Promise<JobState | undefined> {
    return (await this.states([id])).get(id);
  }

  /** States of many jobs with one call; ids without a live job are left out. @throws RedisUnavailableError */
  async states(ids: readonly SeparationId[]): Promise<Map<SeparationId, JobState>> {
    if (ids.length === 0) return new Map();
    const queues = await this.call((_redis, all) => Promise.resolve(all));
    return readJobStates(ids, this.connections, queues);
  }

  /**
   * The live jobs of a Redis set of ids, and others that run: four commands for each queue.
   * @throws RedisUnavailableError
   */
  async liveAmong(set: string): Promise<Set<string>> {
    return this.call(async (redis, queues) => {
      // all at once: a job that moves is in one of them
      const lists = redis.multi();
      for (const { keys } of queues) {
        lists
          .zinter(2, set, keys.state('prioritized'))
          .zinter(2, set, keys.state('delayed'))
          .lrange(keys.state('active'), 0, -1)
          .lrange(keys.state('wait'), 0, -1);
      }
      return new Set(allReplies(await lists.exec()).flatMap(texts));
    });
  }

  /**
   * Removes a job that no worker holds. A held one stays: ask its worker through CancelSignals.
   * @throws RedisUnavailableError
   */
  async remove(id: SeparationId): Promise<void> {
    await this.call((_redis, queues) => Promise.all(queues.map((queue) => queue.remove(id))));
  }

  /** Whether a worker holds the job: one that lost Redis does not, 15 s later. @throws RedisUnavailableError */
  async isHeld(id: SeparationId): Promise<boolean> {
    return this.call(
      async (redis, queues) => (await redis.exists(...queues.map(({ keys }) => `${keys.job(id)}:lock`))) > 0,
    );
  }

  /** Why a kept job failed, if its worker could not record it. @throws RedisUnavailableError */
  async failure(id: SeparationId): Promise<Failure | undefined> {
    return this.call(async (redis, queues) => {
      const failures = await Promise.all(queues.map((queue) => queue.failure(redis, id)));
      return failures.find((failure) => failure !== undefined);
    });
  }

  /** Of each queue, by its name. @throws RedisUnavailableError */
  async depths(): Promise<Map<string, QueueDepth>> {
    return this.call(async (redis, queues) => {
      const depths = queues.map(async (queue) => [queue.name, await queue.depth(redis)] as const);
      return new Map(await Promise.all(depths));
    });
  }

  /** Of all queues. @throws RedisUnavailableError */
  async depth(): Promise<QueueDepth> {
    const sum = { waiting: 0, active: 0, delayed: 0, failed: 0 };
    for (const depth of (await this.depths()).values()) {
      for (const state of ['waiting', 'active', 'delayed', 'failed'] as const) sum[state] += depth[state];
    }
    return sum;
  }

  /** Jobs that wait, the next one of each queue first. @throws RedisUnavailableError */
  async waiting(): Promise<SeparationId[]> {
    const ids = await this.call((redis, queues) => Promise.all(queues.map((queue) => queue.waitingIds(redis))));
    return ids.flat().filter(isSeparationId);
  }

  /**
   * Age of the oldest waiting job of each queue in seconds, by its name. Those of low priority do not count; 0 if no
   * other waits. @throws RedisUnavailableError
   */
  async oldestWaitSeconds(): Promise<Map<string, number>> {
    return this.call(async (redis, queues) => {
      const waits = queues.map(async (queue) => [queue.name, await queue.oldestWaitSeconds(redis)] as const);
      return new Map(await Promise.all(waits));
    });
  }

  /** Waiting, delayed and active jobs: what MAX_QUEUED limits. @throws RedisUnavailableError */
  async unfinishedCount(): Promise<number> {
    const { waiting, active, delayed } = await this.depth();
    return waiting + active + delayed;
  }

  private routeOf(model: string): PoolQueue | undefined {
    const name = this.routes.queueOf(model);
    return name === undefined ? undefined : this.queue(name);
  }

  private queue(name: string): PoolQueue {
    const known = this.queues.get(name) ?? new PoolQueue(name, this.connections, this.speeds, this.workers);
    this.queues.set(name, known);
    return known;
  }

  private async add(redis: Redis, queue: PoolQueue, job: SeparationJob): Promise<void> {
    // who reads the queues later must find it, also after the pool is gone
    if (queue.name !== QUEUE_NAME) await redis.sadd(this.connections.keys.queues, queue.name);
    await queue.add(redis, job);
  }

  private async forgetIfEmpty(queue: PoolQueue): Promise<void> {
    await this.call(async (redis) => {
      if (queue.name === QUEUE_NAME || !(await queue.removeIfEmpty(redis))) return;
      await redis.srem(this.connections.keys.queues, queue.name);
    });
  }

  /** One call to Redis, about the queues of all models, and those that models had before. */
  private call<T>(work: (redis: Redis, queues: readonly PoolQueue[]) => Promise<T>): Promise<T> {
    return this.connections.call(async (redis) => {
      if (this.known === undefined || performance.now() - this.known.at > KNOWN_MS) {
        this.known = { at: performance.now(), names: await redis.smembers(this.connections.keys.queues) };
      }
      const earlier = [QUEUE_NAME, ...this.known.names].map((name) => this.queue(name));
      return work(redis, [...new Set([...this.routed, ...earlier])]);
    });
  }
}
