import { once } from 'node:events';
import type { Redis, RedisOptions } from 'ioredis';
import { withTimeout } from '@app/concurrency';
import { sentinelOptions, type RedisAddress } from './redis-address.js';
import { isFromReplica, refusalOf, RedisClusterError, RedisUnavailableError } from './redis.errors.js';
import { RedisKeys } from './redis-keys.js';
import { WatchedRedis } from './watched-redis.js';

/** longest call that a client waits for: the API promises a 503 within 2 s */
const CALL_TIMEOUT_MS = 1500;
const CLOSE_TIMEOUT_MS = 1000;
const PING_KEPT_MS = 1000;
/** ioredis: reconnect, then send the command once more */
const SEND_AGAIN = 2;
const MAX_RETRY_DELAY_MS = 1000;

const BASE_PROFILE = { connectTimeout: 2000 } satisfies RedisOptions;

/** for calls that a client waits for: fail fast, and queue nothing while Redis is unreachable */
const QUEUE_PROFILE = {
  ...BASE_PROFILE,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 1,
  commandTimeout: CALL_TIMEOUT_MS,
} satisfies RedisOptions;

/** for calls that must survive an outage: otherwise a job that ends during one would fail */
const WORKER_PROFILE = {
  ...BASE_PROFILE,
  maxRetriesPerRequest: null,
} satisfies RedisOptions;

/** One process's connections to Redis: opened on first use, closed together. */
export class RedisConnections {
  private readonly opened = new Set<Redis>();
  private queueClient: Redis | undefined;
  private connecting: Promise<void> | undefined;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly address: RedisAddress,
    readonly keys: RedisKeys = new RedisKeys(),
  ) {}

  /** Shared by all calls that a client waits for. Use it through `call`. */
  forQueue(): Redis {
    this.queueClient ??= this.open(QUEUE_PROFILE);
    return this.queueClient;
  }

  /** Opens a connection for a BullMQ worker. */
  forWorker(): Redis {
    return this.open(WORKER_PROFILE);
  }

  /** Opens a connection for a subscription or a blocking reader. */
  forSubscriber(): Redis {
    return this.open(WORKER_PROFILE);
  }

  /**
   * Runs calls on the shared connection, and waits for it to connect: 1.5 s in total.
   * @throws RedisUnavailableError if Redis does not answer in that time
   */
  async call<T>(work: (redis: Redis) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const redis = this.forQueue();
    try {
      const onceReady = async (late: AbortSignal): Promise<T> => {
        await this.becomesReady(redis);
        // nobody waits for the answer: a lock that is taken now would be kept by nobody
        late.throwIfAborted();
        return work(redis);
      };
      return await withTimeout(CALL_TIMEOUT_MS, onceReady, { signal });
    } catch (error) {
      signal?.throwIfAborted();
      if (isErrorReply(error)) throw error;
      throw new RedisUnavailableError({ cause: error });
    }
  }

  /** Writes, because a Redis that only answers is of no use. @throws RedisUnavailableError after 1.5 s at most */
  async ping(signal?: AbortSignal): Promise<void> {
    await this.call((redis) => redis.set(this.keys.ping, '', 'PX', PING_KEPT_MS), signal);
  }

  /** Quits every connection, and disconnects those that take longer than a second. */
  async close(): Promise<void> {
    this.closing ??= Promise.all([...this.opened].map(quit)).then(() => undefined);
    await this.closing;
  }

  /** A Redis that does not answer yet may be a good one. @throws RedisClusterError */
  async onApplicationBootstrap(): Promise<void> {
    const info = await this.call((redis) => redis.info('cluster')).catch((error: unknown) => {
      if (error instanceof RedisUnavailableError) return '';
      throw error;
    });
    if (info.includes('cluster_enabled:1')) throw new RedisClusterError(this.address.url);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  /** All calls share one wait: during an outage, a listener for each would pile up. */
  private becomesReady(redis: Redis): Promise<void> {
    if (redis.status === 'ready') return Promise.resolve();
    this.connecting ??= ready(redis).finally(() => {
      this.connecting = undefined;
    });
    return this.connecting;
  }

  private open(profile: typeof QUEUE_PROFILE | typeof WORKER_PROFILE): Redis {
    if (this.closing !== undefined) throw new RedisUnavailableError({ cause: new Error('connections are closed') });
    let demotedAt = Number.NEGATIVE_INFINITY;
    const redis = new WatchedRedis(this.address.url.href, {
      ...sentinelOptions(this.address),
      ...profile,
      // capped: work resumes within a second after an outage. BullMQ's duplicates stop with us too
      retryStrategy: (times) => {
        if (this.closing !== undefined) return null;
        const isDemoted = performance.now() - demotedAt < 2 * MAX_RETRY_DELAY_MS;
        return isDemoted ? MAX_RETRY_DELAY_MS : Math.min(times * 50, MAX_RETRY_DELAY_MS);
      },
      // after a failover, the same address may lead to the new primary
      reconnectOnError: (error) => {
        if (!isFromReplica(error)) return false;
        demotedAt = performance.now();
        return profile === WORKER_PROFILE ? SEND_AGAIN : true;
      },
    });
    // a connection reports every failed attempt here; the call itself tells its caller
    redis.on('error', () => undefined);
    redis.once('end', () => this.opened.delete(redis));
    this.opened.add(redis);
    return redis;
  }
}

function ready(redis: Redis): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (done: () => void) => (): void => {
      redis.off('ready', onReady).off('end', onEnd);
      done();
    };
    const onReady = settle(resolve);
    const onEnd = settle(() => {
      reject(new Error('the connection ended'));
    });
    redis.once('ready', onReady).once('end', onEnd);
  });
}

async function quit(redis: Redis): Promise<void> {
  if (redis.status === 'end') return;
  const ended = once(redis, 'end');
  if (redis.status === 'ready') await withTimeout(CLOSE_TIMEOUT_MS, () => redis.quit()).catch(() => undefined);
  redis.disconnect();
  await withTimeout(CLOSE_TIMEOUT_MS, () => ended).catch(() => undefined);
}

/** an error reply to a command, such as a wrong type, is a bug and not an outage */
function isErrorReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError' && refusalOf(error) === undefined;
}
