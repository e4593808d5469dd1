import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { QueueFixture } from '../../../test/support/separations/queue-fixture.js';
import { someRedis } from '../../../test/support/servers/redis-server.js';
import { RedisLock } from './redis-lock.js';

let redis: Awaited<ReturnType<typeof someRedis>>;
let fixture: QueueFixture;

beforeAll(async () => {
  redis = await someRedis();
});
afterAll(() => redis.close());
beforeEach(() => {
  fixture = new QueueFixture(redis.url);
});
afterEach(() => fixture.close());

describe(RedisLock.name, () => {
  it('has one holder, and nobody else can release it', async () => {
    const [first, second] = [0, 1].map(() => new RedisLock(fixture.connections, `${fixture.prefix}:lock`, 5000));
    expect(await first?.acquire()).toBe(true);
    expect(await second?.acquire()).toBe(false);
    await second?.release();
    expect(await first?.extend()).toBe(true);
    await first?.release();
    expect(await second?.acquire()).toBe(true);
  });
});
