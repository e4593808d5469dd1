import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { mapLimited } from '@app/concurrency';
import { KeyRing } from '../access/key-ring.js';
import { DeliveryBench, OWNER } from './delivery-bench.fixture.js';
import { formatRef, ownerFolder, type WebhookRef } from './delivery-ref.js';
import { DueDeliveries, MAX_DUE } from './due-deliveries.js';
import type { WebhookParts } from './webhooks.fixture.js';

const HOUR = 3_600_000;
const signal = new AbortController().signal;

describe(DueDeliveries.name, () => {
  let bench: DeliveryBench;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    bench = await DeliveryBench.start();
  });

  afterAll(() => bench.close());
  beforeEach(() => bench.begin());
  afterEach(() => bench.finish());

  async function metric(name: string): Promise<number> {
    const line = (await bench.parts.registry.metrics()).split('\n').find((one) => one.startsWith(`${name} `));
    return Number(line?.split(' ').at(-1));
  }

  /** Makes as many deliveries due as there may be, all later than now. @param are due already */
  async function fill(webhook: WebhookRef, are = 1): Promise<void> {
    const later = bench.parts.clock.now() + 1000;
    const names = Array.from({ length: MAX_DUE - are }, (_, n) => `${later + n}-${'0'.repeat(16)}`);
    await mapLimited(names, 32, signal, (n) => bench.parts.store.markDue({ ...webhook, n }));
    const key = bench.connections.keys.deliveries(formatRef(webhook));
    await bench.connections.call((redis) => redis.zadd(key, ...names.flatMap((n) => [later, n])));
  }

  it('gives up the oldest of more than a thousand, and tells so in the log', async () => {
    const webhook = await bench.register();
    const first = await bench.end();
    await fill({ owner: ownerFolder(OWNER), webhookId: webhook.id });
    expect((await bench.onlyDelivery(webhook)).status).toBe('due');
    bench.parts.clock.move(5000);
    const last = await bench.end();
    expect(await bench.log(webhook)).toMatchObject([
      { separationId: last.id, status: 'due' },
      {
        separationId: first.id,
        status: 'failed',
        attempts: [{ outcome: 'given_up', detail: 'More than 1000 deliveries were due, and this was the oldest.' }],
      },
    ]);
    expect((await bench.keys()).filter((key) => key.includes('/due/'))).toHaveLength(MAX_DUE);
    expect(await metric('webhook_deliveries_due')).toBe(MAX_DUE);
  });

  it('does not give up what was made due last, however long ago its separation ended', async () => {
    const webhook = await bench.register();
    const late = await bench.completed();
    bench.parts.clock.move(1000);
    const first = await bench.end();
    await fill({ owner: ownerFolder(OWNER), webhookId: webhook.id });
    bench.parts.clock.move(5000);
    await bench.announce(late);
    expect(await bench.log(webhook)).toMatchObject([
      { separationId: first.id, status: 'failed', attempts: [{ outcome: 'given_up' }] },
      { separationId: late.id, status: 'due' },
    ]);
  });

  it('gives up what has been due the longest, also if its separation ended later', async () => {
    const webhook = await bench.register();
    const late = await bench.completed();
    bench.parts.clock.move(1000);
    const first = await bench.end();
    bench.parts.clock.move(1000);
    await bench.announce(late);
    await fill({ owner: ownerFolder(OWNER), webhookId: webhook.id }, 2);
    bench.parts.clock.move(5000);
    const last = await bench.end();
    expect(await bench.log(webhook)).toMatchObject([
      { separationId: last.id, status: 'due' },
      { separationId: first.id, status: 'failed', attempts: [{ outcome: 'given_up' }] },
      { separationId: late.id, status: 'due' },
    ]);
  });

  describe('of an owner without a valid key', () => {
    const lines = (name: string, expires: string): string => `${name}:${'0'.repeat(64)} expires=${expires}\n`;

    /** a server with these keys */
    async function server(keys: string): Promise<WebhookParts> {
      const file = join(bench.folder, 'keys');
      await writeFile(file, keys);
      return bench.server(undefined, undefined, new KeyRing(file));
    }

    it('waits for a key, and is sent when one is back within the day', async () => {
      const webhook = await bench.register();
      const removed = await server(lines('bob', '2999-01-01'));
      await bench.announce(await bench.completed(), removed);
      await bench.deliver(removed);
      const expired = await server(lines(OWNER, '2020-01-01'));
      expired.clock.move(HOUR);
      await bench.deliver(expired);
      const { status, attempts } = await bench.onlyDelivery(webhook);
      expect([status, attempts.map(({ outcome }) => outcome)]).toEqual(['due', ['no_key', 'no_key']]);
      expect(bench.receiver.received).toEqual([]);
      const back = await server(lines(OWNER, '2999-01-01'));
      back.clock.move(2 * HOUR);
      await bench.deliver(back);
      expect((await bench.onlyDelivery(webhook)).status).toBe('delivered');
      expect(bench.receiver.received).toHaveLength(1);
    });

    it('ends after a day, and leaves the webhook enabled', async () => {
      const webhook = await bench.register();
      const sut = await server(lines('bob', '2999-01-01'));
      await bench.announce(await bench.completed(), sut);
      sut.clock.move(25 * HOUR);
      await bench.deliver(sut);
      expect((await bench.onlyDelivery(webhook)).status).toBe('failed');
      expect(await bench.parts.service.get(OWNER, webhook.id)).not.toHaveProperty('disabled');
      expect(bench.receiver.received).toEqual([]);
    });
  });

  it('is measured, with labels that name nobody', async () => {
    const webhook = await bench.register();
    // a series that starts at its first event hides it from increase()
    for (const status of ['delivered', 'failed']) {
      expect(await metric(`webhook_deliveries_total{status="${status}"}`)).toBe(0);
    }
    await bench.end();
    expect(await metric('webhook_deliveries_due')).toBe(1);
    bench.parts.clock.move(60_000);
    expect(await metric('webhook_oldest_due_seconds')).toBeGreaterThanOrEqual(59);
    bench.receiver.answer((response) => response.writeHead(500).end());
    await bench.deliver();
    bench.receiver.answer((response) => response.writeHead(200).end());
    bench.parts.clock.move(HOUR);
    await bench.deliver();
    expect(await metric('webhook_attempt_seconds_count{outcome="refused"}')).toBe(1);
    expect(await metric('webhook_attempt_seconds_count{outcome="delivered"}')).toBe(1);
    expect(await metric('webhook_deliveries_total{status="delivered"}')).toBe(1);
    expect([await metric('webhook_deliveries_due'), await metric('webhook_oldest_due_seconds')]).toEqual([0, 0]);
    const text = await bench.parts.registry.metrics();
    for (const name of [OWNER, webhook.id, 'hooks.test']) expect(text).not.toContain(name);
  });
});
