import { withTimeout } from '@app/concurrency';
import { RedisUnavailableError, type RedisConnections } from '@app/redis';
import { StorageUnavailableError } from '../storage.errors.js';

/** shorter than the limit of a readiness check: without Redis, the store is well all the same */
const PATIENCE_MS = 500;

/**
 * Remembers in Redis which store the folder holds. A process that starts while the disk is away cannot tell its empty
 * mount point from a new store.
 */
export class StoreMemory {
  constructor(private readonly connections: RedisConnections) {}

  /** An operator removes it to begin with another store. */
  get key(): string {
    return this.connections.keys.store;
  }

  /** undefined in a new or wiped Redis. @throws StorageUnavailableError without Redis */
  async recall(): Promise<string | undefined> {
    try {
      return (await this.connections.call((redis) => redis.get(this.key))) ?? undefined;
    } catch (cause) {
      if (!(cause instanceof RedisUnavailableError)) throw cause;
      throw new StorageUnavailableError('its folder is empty, and Redis cannot tell whether it should be', { cause });
    }
  }

  /** @returns the id that Redis knows: this one, unless it knew another before; undefined without Redis */
  async remember(id: string): Promise<string | undefined> {
    try {
      return await withTimeout(PATIENCE_MS, () => this.exchange(id), { onTimeout: () => new RedisUnavailableError() });
    } catch (error) {
      if (!(error instanceof RedisUnavailableError)) throw error;
      // the marker itself is proof enough
      return undefined;
    }
  }

  private exchange(id: string): Promise<string | undefined> {
    return this.connections.call(async (redis) => {
      await redis.set(this.key, id, 'NX');
      return (await redis.get(this.key)) ?? undefined;
    });
  }
}
