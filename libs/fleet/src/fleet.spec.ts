import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { QueueFixture } from '../../../test/support/separations/queue-fixture.js';
import { someRedis } from '../../../test/support/servers/redis-server.js';
import { ThroughputStats } from './throughput-stats.js';
import type { WorkerAnnouncement } from './worker-announcement.js';
import { WorkerPresence } from './worker-presence.js';

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

describe(WorkerPresence.name, () => {
  const worker: WorkerAnnouncement = {
    workerId: 'a',
    queue: 'toWorkers',
    engines: 1,
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

describe(ThroughputStats.name, () => {
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
