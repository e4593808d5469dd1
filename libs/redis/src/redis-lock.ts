import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { RedisConnections } from './redis-connections.js';

const EXTEND = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`;

const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`;

/** how often a taken lock is tried again, ms */
const RETRY_MS = 25;

/** A lock among all processes. It expires by itself when its holder dies. */
export class RedisLock {
  private readonly token = randomUUID();

  constructor(
    private readonly connections: RedisConnections,
    private readonly key: string,
    /** milliseconds */
    private readonly ttl: number,
  ) {}

  /** Whether it is ours now; waits for another holder this long. @throws RedisUnavailableError */
  async acquireWithin(milliseconds: number): Promise<boolean> {
    const deadline = performance.now() + milliseconds;
    while (!(await this.acquire())) {
      if (performance.now() >= deadline) return false;
      await pause(RETRY_MS);
    }
    return true;
  }

  /** Does the work, extends the lock until it is done, then releases it. The lock must be ours. */
  async holdWhile<T>(work: () => Promise<T>): Promise<T> {
    const timer = setInterval(() => {
      this.extend().catch(() => undefined);
    }, this.ttl / 3);
    try {
      return await work();
    } finally {
      clearInterval(timer);
      // not awaited: while Redis is down the lock expires by itself
      void this.release().catch(() => undefined);
    }
  }

  /** Whether it is ours now. @throws RedisUnavailableError */
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
