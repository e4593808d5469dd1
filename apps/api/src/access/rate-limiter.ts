import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ApiConfig } from '@app/config';
import { RedisConnections } from '@app/redis';
import { withTimeout } from '@app/concurrency';
import { API_CONFIG } from '../config/api-config.module.js';

const WINDOW_MS = 60_000;

/** the count must not take the time that the call itself needs to answer 503 within 2 s */
const LONGEST_MS = 300;

/** how often an outage is logged, ms */
const COMPLAIN_EVERY_MS = 10_000;

/**
 * A sliding window of two counters: the calls of this minute, and of the one before by the share of it that the
 * window still covers. Refused calls are not counted, so that a client that waits is let in again.
 * KEYS: this minute, the one before. ARGV: limit, share 0 to 1, lifetime in ms. Gives what is left, below 0 for none.
 */
const COUNT = `
local before = tonumber(redis.call('GET', KEYS[2]) or '0') * tonumber(ARGV[2])
local now = tonumber(redis.call('GET', KEYS[1]) or '0')
local left = tonumber(ARGV[1]) - math.floor(before + now) - 1
if left < 0 then return -1 end
redis.call('INCR', KEYS[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return left`;

export interface RateUse {
  readonly limit: number;
  /** below 0: the call is refused */
  readonly remaining: number;
  readonly resetSeconds: number;
}

/**
 * Counts the calls of each client over all rest-server processes. Open while Redis is away: what costs work needs the
 * queue and is refused then anyway, and what is finished can still be downloaded.
 */
@Injectable()
export class RateLimiter {
  private readonly logger = new Logger('access');
  private readonly limit: number;
  private complainedAt = -COMPLAIN_EVERY_MS;

  constructor(
    @Inject(API_CONFIG) config: ApiConfig,
    private readonly connections: RedisConnections,
  ) {
    this.limit = config.http.rateLimitPerMinute;
  }

  /** undefined where nothing is limited, or cannot be */
  async count(client: string, now: number = Date.now()): Promise<RateUse | undefined> {
    if (this.limit === 0) return undefined;
    const minute = Math.floor(now / WINDOW_MS);
    const elapsed = now - minute * WINDOW_MS;
    const name = (at: number): string => `${this.connections.keys.prefix}:rate:${client}:${at}`;
    const share = 1 - elapsed / WINDOW_MS;
    try {
      const left = await withTimeout(LONGEST_MS, () =>
        this.connections.call((redis) =>
          redis.eval(COUNT, 2, name(minute), name(minute - 1), this.limit, share, 2 * WINDOW_MS),
        ),
      );
      return { limit: this.limit, remaining: Number(left), resetSeconds: Math.ceil((WINDOW_MS - elapsed) / 1000) };
    } catch (error) {
      this.complain(error);
      return undefined;
    }
  }

  private complain(error: unknown): void {
    if (performance.now() - this.complainedAt < COMPLAIN_EVERY_MS) return;
    this.complainedAt = performance.now();
    this.logger.warn(`calls are not counted: ${error instanceof Error ? error.message : String(error)}`);
  }
}
