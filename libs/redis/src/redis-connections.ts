import { once } from 'node:events';
import type { RedisConfig } from '@app/config';
import { Redis, type RedisOptions } from 'ioredis';
import { withTimeout } from '@app/concurrency';
import { RedisUnavailableError } from './redis.errors.js';
import { RedisKeys } from './redis-keys.js';

/** longest answer of a call of the producer's side: the API promises 503 within 2 s */
const CALL_TIMEOUT_MS = 1500;
const CLOSE_TIMEOUT_MS = 1000;

const EVERY = { connectTimeout: 2000 } satisfies RedisOptions;

/** calls that a client waits for: fail fast, queue nothing while Redis is away */
const QUEUE_PROFILE = {
  ...EVERY,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 1,
  commandTimeout: CALL_TIMEOUT_MS,
} satisfies RedisOptions;

/** calls that must outlast an outage: a job that ends during one would be failed otherwise */
const WORKER_PROFILE = { ...EVERY, maxRetriesPerRequest: null } satisfies RedisOptions;

/** The connections of one process to Redis: opened on first use, all closed together. */
export class RedisConnections {
  private readonly opened = new Set<Redis>();
  private queueClient: Redis | undefined;
  private connecting: Promise<void> | undefined;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly config: RedisConfig,
    readonly keys: RedisKeys = new RedisKeys(),
  ) {}

  /** Shared by all calls that a client waits for; use it through `call`. */
  forQueue(): Redis {
    this.queueClient ??= this.open(QUEUE_PROFILE);
    return this.queueClient;
  }

  /** A new one for each BullMQ worker. */
  forWorker(): Redis {
    return this.open(WORKER_PROFILE);
  }

  /** A new one for each subscription or blocking reader. */
  forSubscriber(): Redis {
    return this.open(WORKER_PROFILE);
  }

  /**
   * Runs calls on the queue's connection, waiting for the connection if it is just being made, 1.5 s in all.
   * @throws RedisUnavailableError when Redis did not answer in that time.
   */
  async call<T>(work: (redis: Redis) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const redis = this.forQueue();
    try {
      return await withTimeout(CALL_TIMEOUT_MS, () => this.becomesReady(redis).then(() => work(redis)), { signal });
    } catch (error) {
      signal?.throwIfAborted();
      if (isServerAnswer(error)) throw error;
      throw new RedisUnavailableError({ cause: error });
    }
  }

  /** @throws RedisUnavailableError when Redis does not answer within 1.5 s. */
  async ping(signal?: AbortSignal): Promise<void> {
    await this.call((redis) => redis.ping(), signal);
  }

  /** Ends every connection, politely within a second, else at once. */
  async close(): Promise<void> {
    this.closing ??= Promise.all([...this.opened].map(quit)).then(() => undefined);
    await this.closing;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  /** One wait for all calls: a listener for each of them would pile up during an outage. */
  private becomesReady(redis: Redis): Promise<void> {
    if (redis.status === 'ready') return Promise.resolve();
    this.connecting ??= ready(redis).finally(() => {
      this.connecting = undefined;
    });
    return this.connecting;
  }

  private open(profile: typeof QUEUE_PROFILE | typeof WORKER_PROFILE): Redis {
    if (this.closing !== undefined) throw new RedisUnavailableError({ cause: new Error('connections are closed') });
    const redis = new Redis(this.config.url.href, {
      ...profile,
      // capped, so that work goes on within a second of the server's return; BullMQ's duplicates end with us too
      retryStrategy: (times) => (this.closing === undefined ? Math.min(times * 50, 1000) : null),
    });
    // a connection reports every failed try here; who waits for an answer is told by the call itself
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
      reject(new Error('the connection has ended'));
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

/** an error that the server itself gave to a command, such as a wrong type, is a fault and no outage */
function isServerAnswer(error: unknown): boolean {
  return (
    error instanceof Error &&
    error.name === 'ReplyError' &&
    !/^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN)/.test(error.message)
  );
}
