import type { ModelDescription } from '@app/separations';
import type { RedisConnections } from '@app/redis';
import { parseAnnouncement, parseModel } from './worker-announcement.js';

export type { WorkerAnnouncement } from './worker-announcement.js';
import type { WorkerAnnouncement } from './worker-announcement.js';

const TTL_SECONDS = 30;

/** Which workers are alive and what they can do. Each worker repeats its announcement every 5 s. */
export class WorkerPresence {
  constructor(private readonly connections: RedisConnections) {}

  /** Alive for 30 s from now. @throws RedisUnavailableError */
  async announce(worker: WorkerAnnouncement): Promise<void> {
    const { keys } = this.connections;
    await this.connections.call((redis) => {
      const change = redis
        .multi()
        .set(keys.worker(worker.workerId), JSON.stringify(worker), 'EX', TTL_SECONDS)
        .sadd(keys.workers, worker.workerId);
      for (const model of worker.models) change.hset(keys.models, model.name, JSON.stringify(model));
      return change.exec();
    });
  }

  /** Removes the worker at once, at its clean shutdown. @throws RedisUnavailableError */
  async retire(workerId: string): Promise<void> {
    const { keys } = this.connections;
    await this.connections.call((redis) =>
      redis.multi().del(keys.worker(workerId)).srem(keys.workers, workerId).exec(),
    );
  }

  /** @throws RedisUnavailableError */
  async live(): Promise<WorkerAnnouncement[]> {
    const { keys } = this.connections;
    return this.connections.call(async (redis) => {
      const ids = await redis.smembers(keys.workers);
      if (ids.length === 0) return [];
      const values = await redis.mget(ids.map((id) => keys.worker(id)));
      const dead = ids.filter((_, index) => values[index] === null);
      if (dead.length > 0) await redis.srem(keys.workers, dead);
      return values.flatMap((json) => parseAnnouncement(json) ?? []);
    });
  }

  /** Models that any worker ever announced, even while none is alive. @throws RedisUnavailableError */
  async knownModels(): Promise<ModelDescription[]> {
    const values = await this.connections.call((redis) => redis.hvals(this.connections.keys.models));
    return values.flatMap((json) => parseModel(json) ?? []);
  }
}
