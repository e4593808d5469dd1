import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { objectKeys, type WebhookBody } from '@app/separations';
import { FolderObjectStore, StorageUnavailableError } from '@app/storage';
import { Webhook as Verifier } from 'standardwebhooks';
import { someRequest } from '../../../../test/support/separations/stored-separations.js';
import { Deliverer } from './deliverer.js';
import { endedAt, formatRef, ownerFolder } from './delivery-ref.js';
import { DUE_AT_ONCE } from './delivery-schedule.js';
import { DeliveryBench, OWNER } from './delivery-bench.fixture.js';
import { KEPT_DELIVERIES } from './webhook-store.js';

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const signal = new AbortController().signal;

describe(Deliverer.name, () => {
  let bench: DeliveryBench;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    bench = await DeliveryBench.start();
  });

  afterAll(() => bench.close());
  beforeEach(() => bench.begin());
  afterEach(() => bench.finish());

  it('sends a separation once, signed as Standard Webhooks wants it', async () => {
    const webhook = await bench.register();
    const { id } = await bench.end();
    await bench.deliver();
    const { n } = await bench.onlyDelivery(webhook);
    const [call, ...others] = bench.receiver.received;
    expect(others).toEqual([]);
    const { headers = {}, body = '' } = call ?? {};
    expect(headers).toMatchObject({
      'webhook-id': `${id}_completed_${endedAt(n)}`,
      'content-type': 'application/json',
    });
    const verifier = new Verifier(webhook.secret);
    const verified = verifier.verify(body, headers as Record<string, string>) as WebhookBody;
    expect(verified).toMatchObject({ type: 'separation.completed', data: { id, status: 'completed' } });
    expect(() => verifier.verify(body.replace(id, 'x'), headers as Record<string, string>)).toThrow();
    expect(await bench.onlyDelivery(webhook)).toMatchObject({
      status: 'delivered',
      attempts: [{ outcome: 'delivered', status: 204 }],
    });
    bench.parts.clock.move(25 * HOUR);
    expect(await bench.deliver()).toBe(0);
  });

  it('keeps what is due when Redis is wiped, with its time', async () => {
    bench.receiver.answer((response) => response.writeHead(500).end());
    const webhook = await bench.register();
    await bench.end();
    await bench.deliver();
    await bench.connections.call((client) => client.flushall());
    bench.parts.clock.move(HOUR);
    expect(await bench.deliver()).toBe(0);
    await bench.parts.deliverer.sweep(signal);
    bench.receiver.answer((response) => response.writeHead(200).end());
    expect(await bench.deliver()).toBe(1);
    expect((await bench.onlyDelivery(webhook)).attempts).toHaveLength(2);
    expect(await bench.objects.head(objectKeys.dueDeliveries(ownerFolder(OWNER), webhook.id) + 'x')).toBeUndefined();
  });

  it('schedules what the other webhooks lack when one cannot be read', async () => {
    const webhooks = [await bench.register(), await bench.register()] as const;
    await bench.end();
    await bench.connections.call((client) => client.flushall());
    const store = new PartlyReadable(bench.folder, webhooks[0].id);
    await bench.server(undefined, store).deliverer.sweep(signal);
    expect(await bench.deliver()).toBe(1);
    expect((await bench.onlyDelivery(webhooks[1])).status).toBe('delivered');
    await store.close();
  });

  it('looks at a bounded number of webhooks at once, and comes to those behind them', async () => {
    const before = Array.from({ length: DUE_AT_ONCE }, (_, n) => formatRef({ owner: 'bob', webhookId: `wh_${n}` }));
    const key = bench.connections.keys.webhooksByDelivery;
    await bench.connections.call((client) => client.zadd(key, ...before.flatMap((name) => [1, name])));
    const webhook = await bench.register();
    await bench.end();
    expect(await bench.deliver()).toBe(0);
    expect(await bench.deliver()).toBe(1);
    expect((await bench.onlyDelivery(webhook)).status).toBe('delivered');
  });

  it('makes an attempt again whose server died before it wrote down what came of it', async () => {
    const webhook = await bench.register();
    await bench.end();
    await bench.parts.deliverer.look();
    const other = bench.server();
    // taken by the first, for as long as an attempt may last
    expect(await other.deliverer.look()).toBe(0);
    await bench.parts.deliverer.idle();
    const dead = new DyingStore(bench.folder);
    const dying = bench.server(undefined, dead);
    await bench.end();
    dead.isDead = true;
    await bench.deliver(dying);
    other.clock.move(61 * SECOND);
    expect(await bench.deliver(other)).toBe(1);
    expect((await bench.log(webhook)).map(({ status }) => status)).toEqual(['delivered', 'delivered']);
    await dead.close();
  });

  it('is told of each ending once by two servers', async () => {
    await bench.register();
    const other = bench.server();
    const request = await bench.completed();
    await Promise.all([bench.announce(request), bench.announce(request, other)]);
    await Promise.all([bench.deliver(), bench.deliver(other)]);
    await bench.announce(request, other);
    await Promise.all([bench.deliver(), bench.deliver(other)]);
    expect(bench.receiver.received).toHaveLength(1);
  });

  it('tells nothing of what has not ended, or ended before, or is of another owner', async () => {
    const open = someRequest({ owner: OWNER });
    await bench.documents.putRequest(open);
    const before = await bench.completed();
    bench.parts.clock.move(HOUR);
    await bench.register();
    await bench.announce(open);
    await bench.announce(before);
    await bench.announce(await bench.completed('bob'));
    expect(await bench.deliver()).toBe(0);
  });

  it('gives each ending of the same separation an id of its own, which redeliveries keep', async () => {
    const webhook = await bench.register();
    const request = await bench.failed();
    await bench.deliver();
    bench.parts.clock.move(1);
    await bench.failed(request);
    await bench.deliver();
    const [last] = await bench.log(webhook);
    await bench.parts.service.redeliver(OWNER, webhook.id, last?.n ?? '');
    await bench.deliver();
    const ids = bench.receiver.received.map(({ headers }) => headers['webhook-id']);
    expect(ids).toEqual([ids[0], ids[1], ids[1]]);
    expect(ids[0]).not.toBe(ids[1]);
    for (const id of ids) expect(id).toMatch(new RegExp(`^${request.id}_failed_\\d{13}$`));
  });

  it('keeps the latest hundred deliveries, and what is due besides', async () => {
    const webhook = await bench.register();
    for (let song = 0; song < KEPT_DELIVERIES + 3; song++) {
      bench.parts.clock.move(1);
      await bench.end();
      await bench.deliver();
    }
    bench.receiver.answer((response) => response.writeHead(500).end());
    await bench.end();
    await bench.deliver();
    const kept = await bench.log(webhook);
    expect(kept).toHaveLength(KEPT_DELIVERIES + 1);
    expect(kept[0]?.status).toBe('due');
    const keys = await bench.keys();
    // webhook.json, the deliveries with their bodies, and one that is due
    expect(keys).toHaveLength(1 + 2 * (KEPT_DELIVERIES + 1) + 1);
  });

  it('leaves nothing of a removed separation, and sends nothing of it any longer', async () => {
    await bench.register();
    bench.receiver.answer((response) => response.writeHead(500).end());
    bench.parts.announcer.onApplicationBootstrap();
    const removed = await bench.end();
    await bench.deliver();
    const other = await bench.end();
    await bench.parts.separations.remove(removed);
    bench.parts.clock.move(HOUR);
    await bench.deliver();
    await bench.parts.deliverer.sweep(signal);
    await bench.deliver();
    const bodies = bench.receiver.received.map(({ body }) => (JSON.parse(body) as WebhookBody).data.id);
    expect(bodies).toEqual([removed.id, other.id]);
    const short = removed.id.slice(4, 20);
    expect((await bench.keys()).filter((key) => key.includes(short))).toEqual([]);
  });

  it('leaves nothing of a removed webhook, also if its removal was interrupted', async () => {
    const webhooks = [await bench.register(), await bench.register()] as const;
    bench.receiver.answer((response) => response.writeHead(500).end());
    await bench.end();
    await bench.deliver();
    await bench.parts.service.remove(OWNER, webhooks[0].id);
    await bench.objects.remove(objectKeys.webhook(ownerFolder(OWNER), webhooks[1].id));
    bench.parts.clock.move(HOUR);
    await bench.parts.deliverer.sweep(signal);
    await bench.deliver();
    const keys = await bench.keys();
    expect(keys).toEqual([]);
    expect(bench.receiver.received).toHaveLength(2);
  });
});

/** A store that takes nothing any longer, as after a power cut. */
class DyingStore extends FolderObjectStore {
  isDead = false;

  override putText(...call: Parameters<FolderObjectStore['putText']>): Promise<void> {
    if (this.isDead) throw new StorageUnavailableError('it is gone');
    return super.putText(...call);
  }
}

/** A store that lists nothing below one webhook. */
class PartlyReadable extends FolderObjectStore {
  constructor(
    folder: string,
    private readonly unreadable: string,
  ) {
    super(folder);
  }

  override list(...[prefix, options]: Parameters<FolderObjectStore['list']>): ReturnType<FolderObjectStore['list']> {
    if (prefix.includes(this.unreadable)) throw new StorageUnavailableError('a part of it is gone');
    return super.list(prefix, options);
  }
}
