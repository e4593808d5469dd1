import { randomUUID } from 'node:crypto';
import type { RedisConnections } from './redis-connections.js';

const EXTEND = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`;

const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`;

/** A lock with one holder among all processes. It expires when its holder dies. */
export class RedisLock {
  private readonly token = randomUUID();

  constructor(
    private readonly connections: RedisConnections,
    private readonly key: string,
    /** milliseconds */
    private readonly ttl: number,
  ) {}

  /** True if the lock is ours now. @throws RedisUnavailableError */
  async acquire(): Promise<boolean> {
    const reply = await this.connections.call((redis) => redis.set(this.key, this.token, 'PX', this.ttl, 'NX'));
    return reply === 'OK';
  }

  /** Renews the lock; false if it is no longer ours. @throws RedisUnavailableError */
  async extend(): Promise<boolean> {
    return (await this.connections.call((redis) => redis.eval(EXTEND, 1, this.key, this.token, this.ttl))) === 1;
  }

  /** @throws RedisUnavailableError */
  async release(): Promise<void> {
    await this.connections.call((redis) => redis.eval(RELEASE, 1, this.key, this.token));
  }
}
