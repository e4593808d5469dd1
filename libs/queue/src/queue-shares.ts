import type { SeparationId } from '@app/separations';
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

  /** The client's songs in the queue. @throws RedisUnavailableError */
  async count(client: string): Promise<number> {
    return (await this.look(client)).queued;
  }

  /**
   * Whether the client has this many songs in the queue. Looks them up only if it may have: below, some may have ended.
   * @throws RedisUnavailableError
   */
  async reaches(client: string, share: number): Promise<boolean> {
    const known = await this.connections.call((redis) => redis.scard(this.key(client)));
    if (known < share) return false;
    const { queued, ended } = await this.look(client);
    if (ended.length > 0) await this.connections.call((redis) => redis.srem(this.key(client), ...ended));
    return queued >= share;
  }

  /** A fixed number of commands for each queue, however many songs there are. */
  private async look(client: string): Promise<{ readonly queued: number; readonly ended: readonly string[] }> {
    const key = this.key(client);
    const known = await this.connections.call((redis) => redis.smembers(key));
    const open = await this.queue.liveAmong(key);
    const ended = known.filter((id) => !open.has(id));
    return { queued: known.length - ended.length, ended };
  }

  private key(client: string): string {
    return `${this.connections.keys.prefix}:queued:${client}`;
  }
}
