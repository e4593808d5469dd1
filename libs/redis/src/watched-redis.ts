import { Redis, type RedisOptions } from 'ioredis';

type LegacyOptions = RedisOptions & { readonly replyMapping?: 'legacy' };

const CHECK_MS = 4000;
/** checks without a byte from Redis before a ping, and before the connection is given up: 8 s and 20 s */
const PING_AFTER = 2;
const DEAD_AFTER = 5;

/**
 * Finds out that Redis is gone without a word: its node lost power, or a firewall forgot the connection. TCP would
 * retry for a quarter of an hour. A quiet connection is pinged; one that stays quiet is closed, and ioredis makes a new
 * one. Blocking reads must last less than 10 s.
 */
export function watchConnection(redis: Redis): void {
  redis.on('connect', () => {
    const { stream } = redis;
    let [received, quietChecks] = [stream.bytesRead, 0];
    // checks and not seconds: a process that was frozen must not blame Redis
    const timer = setInterval(() => {
      if (stream.bytesRead > received) [received, quietChecks] = [stream.bytesRead, -1];
      quietChecks += 1;
      if (quietChecks === PING_AFTER) redis.ping().catch(() => undefined);
      if (quietChecks >= DEAD_AFTER) stream.destroy();
    }, CHECK_MS);
    timer.unref();
    stream.once('close', () => {
      clearInterval(timer);
    });
  });
}

/** A watched connection, whose duplicates are watched too: BullMQ makes some for its blocking reads. */
export class WatchedRedis extends Redis {
  constructor(url: string, options: LegacyOptions) {
    super(url, options);
    watchConnection(this);
  }

  override duplicate(override?: Partial<RedisOptions>): Redis {
    const copy = super.duplicate(override);
    watchConnection(copy);
    return copy;
  }
}
