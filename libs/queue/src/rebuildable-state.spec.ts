import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { someRedis } from '../../../test/support/redis-server.js';
import { InvalidCursorError } from './queue.errors.js';
import { QueueFixture, someId } from './queue.fixture.js';
import { RedisLock } from './redis-lock.js';
import { SeparationIndex } from './separation-index.js';
import { SpeedBook } from './speed-book.js';
import { WorkerRegistry, type WorkerAnnouncement } from './worker-registry.js';

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

describe(SeparationIndex.name, () => {
  it('gives pages, newest first, each once, also among those of one millisecond', async () => {
    const sut = new SeparationIndex(fixture.connections);
    const dates = Array.from({ length: 11 }, (_, n) => new Date(1e12 + Math.floor(n / 4)).toISOString());
    const added = dates.map((createdAt) => ({ id: someId(), createdAt }));
    for (const { id, createdAt } of added) await sut.add('ann', id, createdAt);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await sut.page('ann', cursor, 3);
      expect(page.ids.length).toBeLessThanOrEqual(3);
      seen.push(...page.ids);
      cursor = page.nextCursor;
    } while (cursor !== null);
    const newestFirst = added.sort((a, b) => (a.createdAt + a.id < b.createdAt + b.id ? 1 : -1));
    expect(seen).toEqual(newestFirst.map(({ id }) => id));
  });

  it('keeps owners apart, also one that is called like a key', async () => {
    const sut = new SeparationIndex(fixture.connections);
    const id = someId();
    await sut.add(null, id, new Date().toISOString());
    expect((await sut.page('public', null, 5)).ids).toEqual([]);
    expect((await sut.page(null, null, 5)).ids).toEqual([id]);
  });

  it.each(['', 'x', Buffer.from('1/2/3').toString('base64url'), Buffer.from(`-inf/${someId()}`).toString('base64url')])(
    'refuses the cursor %p',
    async (cursor) => {
      await expect(new SeparationIndex(fixture.connections).page(null, cursor, 5)).rejects.toThrow(InvalidCursorError);
    },
  );
});

describe(WorkerRegistry.name, () => {
  const worker: WorkerAnnouncement = {
    workerId: 'a',
    models: [{ name: 'mine', stems: ['vocals'], weights: 'w', licence: 'MIT', relativeCost: 1 }],
    device: 'cpu',
    backend: 'torch',
    precision: 'fp32',
    realTimeFactor: { mine: null },
  };

  it('forgets a worker that is gone, and knows its models still', async () => {
    await fixture.registry.announce(worker);
    expect(await fixture.registry.live()).toEqual([worker]);
    await fixture.connections.call((client) => client.del(fixture.connections.keys.worker('a')));
    expect(await fixture.registry.live()).toEqual([]);
    expect(await fixture.registry.knownModels()).toEqual(worker.models);
  });

  it('lets an announcement live for 30 s, and takes no notice of a strange one', async () => {
    const { keys } = fixture.connections;
    await fixture.registry.announce(worker);
    const ttl = await fixture.connections.call((client) => client.ttl(keys.worker('a')));
    expect(ttl).toBeGreaterThan(25);
    expect(ttl).toBeLessThanOrEqual(30);
    await fixture.connections.call((client) => client.set(keys.worker('a'), '{"workerId":1}'));
    expect(await fixture.registry.live()).toEqual([]);
  });
});

describe(SpeedBook.name, () => {
  it('moves towards what is measured, and ignores what is no speed', async () => {
    const sut = fixture.speeds;
    expect(await sut.secondsPerAudioSecond('demo')).toBeNull();
    await sut.record('demo', 10, 10);
    await sut.record('demo', 10, 20);
    await sut.record('demo', 0, 20);
    expect(await sut.secondsPerAudioSecond('demo')).toBeCloseTo(1.3);
    await fixture.connections.call((client) => client.hset(fixture.connections.keys.speeds, 'demo', 'fast'));
    expect(await sut.secondsPerAudioSecond('demo')).toBeNull();
  });
});

describe(RedisLock.name, () => {
  it('has one holder, and is not released by another', async () => {
    const [first, second] = [0, 1].map(() => new RedisLock(fixture.connections, `${fixture.prefix}:lock`, 5000));
    expect(await first?.acquire()).toBe(true);
    expect(await second?.acquire()).toBe(false);
    await second?.release();
    expect(await first?.extend()).toBe(true);
    await first?.release();
    expect(await second?.acquire()).toBe(true);
  });
});
