import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mapLimited } from '@app/concurrency';
import { RedisConnections, RedisKeys } from '@app/redis';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import type { DeliveryRef, WebhookRef } from './delivery-ref.js';
import { DeliverySchedule } from './delivery-schedule.js';

describe(DeliverySchedule.name, () => {
  let redis: RedisServer;
  let connections: RedisConnections;
  let sut: DeliverySchedule;
  const ann: WebhookRef = { owner: 'ann', webhookId: 'wh_1' };
  const bob: WebhookRef = { owner: 'bob', webhookId: 'wh_2' };
  const MANY = 2500;
  /** a busy machine must answer all of them in time */
  const AT_ONCE = 16;
  const { signal } = new AbortController();

  beforeAll(async () => {
    redis = await RedisServer.start();
    connections = new RedisConnections({ url: redis.url }, new RedisKeys('spec'));
    sut = new DeliverySchedule(connections);
  });

  afterAll(async () => {
    await connections.close();
    await redis.close();
  });

  it('finds what is due behind thousands that are due at another webhook', async () => {
    const refs = Array.from({ length: MANY }, (_, n): DeliveryRef => ({ ...ann, n: String(n) }));
    await mapLimited(refs, AT_ONCE, signal, (ref) => sut.set(ref, 1));
    await sut.set({ ...bob, n: '7' }, 9);
    expect(await sut.dueWebhooks(8)).toEqual([ann]);
    expect(await sut.dueWebhooks(9)).toEqual([ann, bob]);
    expect(await sut.take(bob, 9, 20)).toEqual({ ...bob, n: '7' });
    expect(await sut.take(bob, 9, 20)).toBeUndefined();
    expect(await sut.dueWebhooks(9)).toEqual([ann]);
    const lost = { ...ann, n: 'lost' };
    expect(await sut.missing(ann, [...refs, lost])).toEqual([lost]);
    await mapLimited(refs, AT_ONCE, signal, (ref) => sut.remove(ref));
    expect(await sut.dueWebhooks(100)).toEqual([bob]);
  });
});
