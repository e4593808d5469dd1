import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ApiConfig } from '@app/config';
import { RedisConnections } from '@app/redis';
import { withTimeout } from '@app/concurrency';
import { API_CONFIG } from '../config/api-config.module.js';

const WINDOW_MS = 60_000;

/** the call itself must still answer 503 within 2 s when Redis is away */
const TIMEOUT_MS = 300;

const WARN_EVERY_MS = 10_000;

/**
 * A sliding window of two counters: this minute's calls, plus the last minute's by the share that the window still
 * covers. A fixed window would let twice the limit through around its edge. Refused calls do not count, so a client
 * that waits is let in again.
 * KEYS: this minute, last minute. ARGV: limit, share 0 to 1, lifetime in ms. Returns the calls left, or -1.
 */
const COUNT = `
local last = tonumber(redis.call('GET', KEYS[2]) or '0') * tonumber(ARGV[2])
local now = tonumber(redis.call('GET', KEYS[1]) or '0')
local left = tonumber(ARGV[1]) - math.floor(last + now) - 1
if left < 0 then return -1 end
redis.call('INCR', KEYS[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return left`;

export interface RateUse {
  readonly limit: number;
  /** -1: the call is refused */
  readonly remaining: number;
  readonly resetSeconds: number;
}

/**
 * Counts each client's calls across all rest-server processes.
 * Lets everyone in while Redis is away: submissions need the queue and fail anyway, downloads still work.
 */
@Injectable()
export class RateLimiter {
  private readonly logger = new Logger('access');
  private readonly limit: number;
  private warnedAt = -WARN_EVERY_MS;

  constructor(
    @Inject(API_CONFIG) config: Pick<ApiConfig, 'http'>,
    private readonly connections: RedisConnections,
  ) {
    this.limit = config.http.rateLimitPerMinute;
  }

  /** Returns undefined when there is no limit, or Redis is away. */
  async count(client: string, now: number = Date.now()): Promise<RateUse | undefined> {
    if (this.limit === 0) return undefined;
    const minute = Math.floor(now / WINDOW_MS);
    const elapsed = now - minute * WINDOW_MS;
    const key = (at: number): string => `${this.connections.keys.prefix}:rate:${client}:${at}`;
    const share = 1 - elapsed / WINDOW_MS;
    try {
      const left = await withTimeout(TIMEOUT_MS, () =>
        this.connections.call((redis) =>
          redis.eval(COUNT, 2, key(minute), key(minute - 1), this.limit, share, 2 * WINDOW_MS),
        ),
      );
      return { limit: this.limit, remaining: Number(left), resetSeconds: Math.ceil((WINDOW_MS - elapsed) / 1000) };
    } catch (error) {
      this.warn(error);
      return undefined;
    }
  }

  private warn(error: unknown): void {
    if (performance.now() - this.warnedAt < WARN_EVERY_MS) return;
    this.warnedAt = performance.now();
    this.logger.warn(`calls are not rate limited: ${error instanceof Error ? error.message : String(error)}`);
  }
}
