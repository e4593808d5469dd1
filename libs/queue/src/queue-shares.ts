import { isSeparationId, type SeparationId } from '@app/separations';
import type { RedisConnections } from '@app/redis';
import type { SeparationQueue } from './separation-queue.js';

/** after its last song, ms */
const LASTS_MS = 24 * 3600 * 1000;

/** How many songs of each client are in the queue. */
export class QueueShares {
  constructor(
    private readonly connections: RedisConnections,
    private readonly queue: SeparationQueue,
  ) {}

  /** Counts a song that is about to be queued. @throws RedisUnavailableError */
  async add(client: string, id: SeparationId): Promise<void> {
    await this.connections.call(async (redis) => {
      await redis.sadd(this.key(client), id);
      await redis.pexpire(this.key(client), LASTS_MS);
    });
  }

  /**
   * The client's songs in the queue. Looks them up only from `atLeast` on; below, some may have ended already.
   * @throws RedisUnavailableError
   */
  async count(client: string, atLeast: number): Promise<number> {
    const known = await this.connections.call((redis) => redis.scard(this.key(client)));
    if (known < atLeast) return known;
    const members = await this.connections.call((redis) => redis.smembers(this.key(client)));
    const ids = members.filter(isSeparationId);
    const open = await this.queue.states(ids);
    const ended = ids.filter((id) => !open.has(id));
    if (ended.length > 0) await this.connections.call((redis) => redis.srem(this.key(client), ...ended));
    return open.size;
  }

  private key(client: string): string {
    return `${this.connections.keys.prefix}:queued:${client}`;
  }
}
