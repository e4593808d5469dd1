import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mapLimited } from '@app/concurrency';
import type { SeparationId, StoredDelivery, StoredWebhook } from '@app/separations';
import { createObjectStore, type ObjectStore } from '@app/storage';
import { startS3Server, type S3Server } from '../../../../test/support/servers/s3-server.js';
import { someId } from '../../../../test/support/separations/stored-separations.js';
import { deliveryName, ownerFolder, type DeliveryRef, type WebhookRef } from './delivery-ref.js';
import { KEPT_DELIVERIES, WebhookStore } from './webhook-store.js';

const START = Date.parse('2026-11-29T10:00:00.000Z');
/** a slow store must answer all of them in time */
const AT_ONCE = 4;
const BODY = '{"type":"separation.completed"}';
const signal = new AbortController().signal;

describe.each(['folder', 's3'] as const)('%s: WebhookStore', (driver) => {
  let s3: S3Server | undefined;
  let folder: string;
  let objects: ObjectStore;
  let sut: WebhookStore;
  let owner: string;
  let ref: WebhookRef;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'webhook-store-'));
    s3 = driver === 's3' ? await startS3Server() : undefined;
    objects = createObjectStore(s3?.config ?? { driver: 'folder', root: folder });
    sut = new WebhookStore(objects);
  });

  afterAll(async () => {
    await objects.close();
    await s3?.stop();
    await rm(folder, { recursive: true });
  });

  beforeEach(async () => {
    owner = randomBytes(4).toString('hex');
    ref = await register(START);
  });

  async function register(at: number): Promise<WebhookRef> {
    const id = `wh_${randomBytes(16).toString('hex')}`;
    const webhook: StoredWebhook = {
      id,
      owner,
      url: 'https://example.com/',
      events: ['separation.completed'],
      createdAt: new Date(at).toISOString(),
      secret: 'whsec_AAAA',
    };
    await sut.write(webhook);
    return { owner: ownerFolder(owner), webhookId: id };
  }

  /** @param minute when its separation ended */
  async function add(minute: number, separationId: SeparationId = someId()): Promise<[DeliveryRef, StoredDelivery]> {
    const at = new Date(START + minute * 60_000).toISOString();
    const n = deliveryName(separationId, at);
    const delivery: StoredDelivery = {
      n,
      event: 'separation.completed',
      separationId,
      createdAt: at,
      status: 'due',
      nextAttemptAt: at,
      attempts: [],
      since: at,
      isTrial: false,
    };
    await sut.add({ ...ref, n }, delivery, BODY);
    return [{ ...ref, n }, delivery];
  }

  async function due(): Promise<string[]> {
    const names: string[] = [];
    for await (const { n } of sut.due(ref, signal)) names.push(n);
    return names;
  }

  async function keys(): Promise<string[]> {
    const found: string[] = [];
    for await (const { key } of objects.list(`webhooks/${ref.owner}/`)) found.push(key);
    return found;
  }

  it('keeps the webhooks of an owner in the order of their making', async () => {
    const earlier = await register(START - 1000);
    expect((await sut.ofOwner(owner)).map(({ id }) => id)).toEqual([earlier.webhookId, ref.webhookId]);
    expect(await sut.ofOwner('nobody')).toEqual([]);
    const all: string[] = [];
    for await (const { webhookId } of sut.all(signal)) all.push(webhookId);
    expect(all).toEqual(expect.arrayContaining([earlier.webhookId, ref.webhookId]));
    expect([await sut.exists(ref), await sut.exists({ ...ref, webhookId: 'wh_none' })]).toEqual([true, false]);
  });

  it('lists what is due, the oldest first, until it has ended', async () => {
    const [second, delivery] = await add(2);
    const [first] = await add(1);
    expect(await due()).toEqual([first.n, second.n]);
    expect([await sut.delivery(second), await sut.body(second)]).toEqual([delivery, BODY]);
    await sut.clearDue(first);
    expect(await due()).toEqual([second.n]);
    expect((await sut.deliveries(ref)).map(({ n }) => n)).toEqual([second.n, first.n]);
  });

  it('keeps the latest hundred that ended, and what is due', async () => {
    const [oldest] = await add(0);
    const minutes = Array.from({ length: KEPT_DELIVERIES + 2 }, (_, minute) => minute + 1);
    const ended = await mapLimited(minutes, AT_ONCE, signal, (minute) => add(minute));
    await mapLimited(ended, AT_ONCE, signal, ([one]) => sut.clearDue(one));
    await sut.trim(ref);
    const kept = (await sut.deliveries(ref)).map(({ n }) => n);
    expect(kept).toEqual([...ended.slice(2).map(([{ n }]) => n), oldest.n].sort().reverse());
    expect(await sut.body(ended[0]?.[0] ?? oldest)).toBeUndefined();
  });

  it('forgets a separation, due or not, and nothing else', async () => {
    const id = someId();
    const [dueRef] = await add(1, id);
    const [ended] = await add(2, id);
    await sut.clearDue(ended);
    const [other] = await add(3);
    expect(await sut.forget(owner, id)).toEqual([dueRef]);
    expect(await due()).toEqual([other.n]);
    expect((await sut.deliveries(ref)).map(({ n }) => n)).toEqual([other.n]);
  });

  it('leaves nothing of a removed webhook', async () => {
    await add(1);
    await sut.remove(ref);
    expect([await sut.find(ref), await keys()]).toEqual([undefined, []]);
  });

  it('remembers which ending was announced', async () => {
    const id = someId();
    await sut.markAnnounced(id, 'now');
    expect([await sut.isAnnounced(id, 'now'), await sut.isAnnounced(id, 'later')]).toEqual([true, false]);
    expect(await sut.isAnnounced(someId(), 'now')).toBe(false);
  });
});
