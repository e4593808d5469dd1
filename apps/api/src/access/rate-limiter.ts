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
 * KEYS: this minute, last minute. ARGV: limit, share 0 to 1, lifetime in ms. Returns the calls left, or -1, and the
 * calls of both minutes.
 */
const COUNT = `
local last = tonumber(redis.call('GET', KEYS[2]) or '0')
local now = tonumber(redis.call('GET', KEYS[1]) or '0')
local left = tonumber(ARGV[1]) - math.floor(last * tonumber(ARGV[2]) + now) - 1
if left < 0 then return {-1, last, now} end
redis.call('INCR', KEYS[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {left, last, now}`;

export interface RateUse {
  readonly limit: number;
  /** -1: the call is refused */
  readonly remaining: number;
  /** until the minute ends, or until a refused client is let in again */
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
      const reply = await withTimeout(TIMEOUT_MS, () =>
        this.connections.call((redis) =>
          redis.eval(COUNT, 2, key(minute), key(minute - 1), this.limit, share, 2 * WINDOW_MS),
        ),
      );
      const [remaining = 0, lastMinute = 0, thisMinute = 0] = (reply as unknown[]).map(Number);
      const counts = { lastMinute, thisMinute, elapsed };
      const resetMs = remaining < 0 ? waitMs(this.limit, counts) : WINDOW_MS - elapsed;
      return { limit: this.limit, remaining, resetSeconds: Math.ceil(resetMs / 1000) };
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

interface Counts {
  readonly lastMinute: number;
  readonly thisMinute: number;
  /** of this minute, ms */
  readonly elapsed: number;
}

/** How long a refused client must wait: until the window, which slides on, holds less than the limit. */
function waitMs(limit: number, { lastMinute, thisMinute, elapsed }: Counts): number {
  // when `count` calls of the minute before weigh less than what the limit leaves
  const enoughGone = (count: number, left: number): number => Math.floor((WINDOW_MS * (count - left)) / count) + 1;
  if (thisMinute < limit) return enoughGone(lastMinute, limit - thisMinute) - elapsed;
  return WINDOW_MS - elapsed + enoughGone(thisMinute, limit);
}
