import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { loadApiConfig } from '@app/config';
import { RedisConnections, RedisKeys } from '@app/redis';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import { RateLimiter, type RateUse } from './rate-limiter.js';
import { patient } from '../../../../test/support/patience.js';

const LIMIT = 10;
const MINUTE = 60_000;
/** the start of a minute */
const START = 1_000 * MINUTE;

describe(RateLimiter.name, () => {
  let redis: RedisServer;
  let connections: RedisConnections[];
  let sut: RateLimiter;
  let prefix: string;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.close());

  beforeEach(() => {
    connections = [];
    prefix = `spec-${randomUUID()}`;
    sut = limiter();
  });
  afterEach(() => Promise.all(connections.map((one) => one.close())));

  /** one of several processes */
  function limiter(limit = LIMIT): RateLimiter {
    const opened = new RedisConnections({ url: redis.url }, new RedisKeys(prefix));
    connections.push(opened);
    return new RateLimiter(loadApiConfig({ RATE_LIMIT_PER_MINUTE: String(limit) }), opened);
  }

  async function accepted(calls: number, at: number, client = 'ann'): Promise<number> {
    let count = 0;
    for (let call = 0; call < calls; call++) {
      const use = await sut.count(client, at);
      if (use !== undefined && use.remaining >= 0) count++;
    }
    return count;
  }

  /** as calls that came when the last minute did not weigh yet */
  async function fill(calls: number, at: number): Promise<void> {
    const [opened] = connections;
    await opened?.call((client) => client.set(`${prefix}:rate:ann:${at / MINUTE}`, calls));
  }

  it('counts down to the limit and tells when the minute ends', async () => {
    const uses: (RateUse | undefined)[] = [];
    for (let call = 0; call <= LIMIT; call++) uses.push(await sut.count('ann', START + 14_500));
    expect(uses.map((use) => use?.remaining)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0, -1]);
    expect(uses.every((use) => use?.limit === LIMIT && use.resetSeconds === 46)).toBe(true);
  });

  it.each([
    ['at the end of the minute', MINUTE, 0],
    ['a moment later', MINUTE + 1, 1],
    ['after a quarter of the next minute', 1.25 * MINUTE, 3],
    ['after half of it', 1.5 * MINUTE, 5],
    ['after all of it', 2 * MINUTE, 10],
  ])('frees calls as the window slides: %s', async (_, elapsed, freed) => {
    expect(await accepted(2 * LIMIT, START + MINUTE - 1)).toBe(LIMIT);
    expect(await accepted(2 * LIMIT, START + elapsed)).toBe(freed);
  });

  it('never lets twice the limit through around the edge of a minute', async () => {
    const before = await accepted(LIMIT, START + MINUTE - 100);
    expect(before + (await accepted(LIMIT, START + MINUTE + 100))).toBe(LIMIT + 1);
  });

  it('lets a client in again that kept calling while refused, once it waits as long as it is told', async () => {
    await accepted(5 * LIMIT, START + 30_500);
    const refused = await sut.count('ann', START + 30_500);
    expect(refused).toEqual({ limit: LIMIT, remaining: -1, resetSeconds: 30 });
    expect(await accepted(1, START + 30_500 + 30_000)).toBe(1);
  });

  it.each([
    ['this minute is full', [10, 0], 0.25, 46],
    ['the last minute still weighs', [10, 5], 0.25, 16],
    ['the last minute weighs just too much', [10, 1], 0.05, 4],
    ['both are full', [10, 10], 0.999, 1],
  ])('tells how long to wait, to the second: %s', async (_, [last = 0, current = 0], share, seconds) => {
    expect(await accepted(last, START)).toBe(last);
    const minute = current === 0 ? START : START + MINUTE;
    // where the last minute weighs least
    if (current > 0) await fill(current, minute);
    const now = minute + share * MINUTE;
    const refused = await sut.count('ann', now);
    expect(refused).toEqual({ limit: LIMIT, remaining: -1, resetSeconds: seconds });
    expect(await accepted(1, now + (seconds - 1) * 1000 - 1)).toBe(0);
    expect(await accepted(1, now + seconds * 1000)).toBe(1);
  });

  it('counts each client alone, and in all processes together', async () => {
    const other = limiter();
    expect(await accepted(LIMIT - 1, START)).toBe(LIMIT - 1);
    expect(await other.count('ann', START)).toMatchObject({ remaining: 0 });
    expect(await sut.count('ann', START)).toMatchObject({ remaining: -1 });
    expect(await sut.count('bob', START)).toMatchObject({ remaining: LIMIT - 1 });
  });

  it('forgets a client after two minutes', async () => {
    await sut.count('ann', START);
    const [opened] = connections;
    const lifetime = await opened?.call((client) => client.pttl(`${prefix}:rate:ann:1000`));
    expect(lifetime).toBeGreaterThan(MINUTE);
    expect(lifetime).toBeLessThanOrEqual(2 * MINUTE);
  });

  it('limits nothing when the limit is 0', async () => {
    expect(await limiter(0).count('ann')).toBeUndefined();
  });

  it('lets everyone in while Redis hangs, without delay, and warns once', async () => {
    await sut.count('ann', START);
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
    redis.pause();
    const startedAt = performance.now();
    const uses = await Promise.all([sut.count('ann', START), sut.count('bob', START)]);
    const took = performance.now() - startedAt;
    redis.resume();
    expect(uses).toEqual([undefined, undefined]);
    // the queue's own calls may take 1500 ms
    expect(took).toBeLessThan(patient(700));
    expect(warn).toHaveBeenCalledTimes(1);
    warn.mockRestore();
  });
});
