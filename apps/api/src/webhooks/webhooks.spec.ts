import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CreatedWebhook, DeliveryList, Webhook, WebhookBody, WebhookList } from '@app/separations';
import { Webhook as Verifier } from 'standardwebhooks';
import type { Answer, ApiClient, Problem } from '../../../../test/support/service/api-client.js';
import { keyLine, startApi, type InProcessApi } from '../../../../test/support/service/in-process-api.js';
import { startHookReceiver, type HookReceiver } from '../../../../test/support/servers/hook-receiver.js';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import { StandInWorker } from '../../../../test/support/separations/stand-in-worker.js';
import { Documents, someManifest, someRequest } from '../../../../test/support/separations/stored-separations.js';
import { wav } from '../../../../test/support/songs/wav.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { ReconcilerService } from '../reconciler/reconciler.service.js';
import { omit } from './omit.js';
import { WebhooksController } from './webhooks.controller.js';

const HOOKS = '/v1/webhooks';

describe(WebhooksController.name, () => {
  let redis: RedisServer;
  let api: InProcessApi;
  let worker: StandInWorker;
  let receiver: HookReceiver;
  let folder: string;
  let ann: ApiClient;
  let bob: ApiClient;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keys-'));
    await writeFile(join(folder, 'keys'), keyLine('ann', 'key-of-ann') + keyLine('bob', 'key-of-bob'));
    redis = await RedisServer.start();
    api = await startApi(redis.url, { API_KEYS_FILE: join(folder, 'keys'), WEBHOOK_ALLOW: '127.0.0.1' });
    worker = await StandInWorker.start(redis.url, api.store);
    receiver = await startHookReceiver();
    [ann, bob] = [api.as('key-of-ann'), api.as('key-of-bob')];
  });

  afterAll(async () => {
    await worker.close();
    await api.close();
    await receiver.close();
    await redis.close();
    await rm(folder, { recursive: true });
  });

  beforeEach(async () => {
    for (const { id } of (await ann.json<WebhookList>(HOOKS)).body.webhooks) {
      await ann.fetch(`${HOOKS}/${id}`, { method: 'DELETE' });
    }
  });

  function create(body: unknown, as = ann): Promise<Answer<CreatedWebhook & Problem>> {
    const headers = { 'content-type': 'application/json' };
    return as.json(HOOKS, { method: 'POST', body: JSON.stringify(body), headers });
  }

  const url = (path = '/'): string => `http://127.0.0.1:${receiver.port}${path}`;
  const calls = (path: string): HookReceiver['received'] => receiver.received.filter((one) => one.path === path);
  let pitch = 200;
  const song = (): Buffer => wav({ frequency: (pitch += 10), seconds: 0.2 });

  it('shows the secret once, and nothing to another key', async () => {
    const { status, body: created } = await create({ url: url(), events: ['separation.failed'] });
    expect(status).toBe(201);
    expect(created.secret).toMatch(/^whsec_/);
    const shown = omit(created, 'secret');
    expect((await ann.json<WebhookList>(HOOKS)).body).toEqual({ webhooks: [shown] });
    expect((await ann.json<Webhook>(`${HOOKS}/${created.id}`)).body).toEqual(shown);
    expect((await bob.json<WebhookList>(HOOKS)).body).toEqual({ webhooks: [] });
    for (const [path, method] of [
      ['', 'GET'],
      ['', 'DELETE'],
      ['/deliveries', 'GET'],
      ['/deliveries/1796000000000-0123456789abcdef/redeliver', 'POST'],
    ] as const) {
      const { status: refused, body } = await bob.json<Problem>(`${HOOKS}/${created.id}${path}`, { method });
      expect([refused, body.code]).toEqual([404, 'webhook_not_found']);
    }
  });

  it.each<[body: unknown, code: string]>([
    [{}, 'invalid_url'],
    [{ url: 7 }, 'invalid_url'],
    [{ url: 'ftp://example.com/' }, 'invalid_url'],
    [{ url: 'https://user:word@example.com/' }, 'invalid_url'],
    [{ url: 'https://example.com:6379/' }, 'invalid_url'],
    [{ url: 'http://10.0.0.1/' }, 'address_refused'],
    [{ url: 'http://169.254.169.254/latest/meta-data' }, 'address_refused'],
    [{ url: 'http://[::ffff:127.0.0.1]/' }, 'address_refused'],
    [{ url: 'http://2130706434/' }, 'address_refused'],
    [{ url: 'http://0177.0.0.2/' }, 'address_refused'],
    [{ url: 'https://example.com/', events: [] }, 'unknown_event'],
    [{ url: 'https://example.com/', events: ['separation.started'] }, 'unknown_event'],
    [{ url: 'https://example.com/', secret: 'mine' }, 'unknown_field'],
    [[], 'invalid_request'],
  ])('refuses %j', async (body, code) => {
    expect((await create(body)).body.code).toBe(code);
  });

  it('takes ten of one owner', async () => {
    for (let one = 0; one < 8; one++) expect((await create({ url: url(`/${one}`) })).status).toBe(201);
    const together = await Promise.all(Array.from({ length: 6 }, () => create({ url: url('/together') })));
    expect(together.filter(({ status }) => status === 201)).toHaveLength(2);
    expect((await create({ url: url('/11') })).body).toMatchObject({ code: 'too_many_webhooks', limit: 10 });
    expect((await create({ url: url('/bob') }, bob)).status).toBe(201);
  });

  it('tells of a separation that a worker completed, and of none before', async () => {
    const { body: webhook } = await create({ url: url('/completed') });
    const { body: separation } = await ann.upload(song(), { model: 'demo' });
    await worker.report(separation.id, 50);
    expect(calls('/completed')).toEqual([]);
    await worker.complete(separation.id);
    await waitUntil('the receiver is told', () => calls('/completed').length > 0);
    const [call] = calls('/completed');
    const { headers = {}, body = '' } = call ?? {};
    const verified = new Verifier(webhook.secret).verify(body, headers as Record<string, string>) as WebhookBody;
    const { status, body: shown } = await ann.separation(separation.id);
    expect([status, verified.type, verified.data]).toEqual([200, 'separation.completed', shown]);
    const one = await waitUntil('the log to say so', async () => {
      const [delivery] = (await ann.json<DeliveryList>(`${HOOKS}/${webhook.id}/deliveries`)).body.deliveries;
      return delivery?.status === 'delivered' ? delivery : undefined;
    });
    expect(one).toMatchObject({ event: 'separation.completed', separationId: separation.id });
    const again = await ann.json(`${HOOKS}/${webhook.id}/deliveries/${one.n}/redeliver`, { method: 'POST' });
    expect([again.status, again.body]).toMatchObject([202, { n: one.n, status: 'due' }]);
    await waitUntil('it is told again', () => calls('/completed').length > 1);
    expect(calls('/completed')[1]?.headers['webhook-id']).toBe(call?.headers['webhook-id']);
  });

  it('tells only of the events that were asked for', async () => {
    await create({ url: url('/failed'), events: ['separation.failed'] });
    await create({ url: url('/cancelled'), events: ['separation.cancelled'] });
    const { body: separation } = await ann.upload(song(), { model: 'demo' });
    await ann.cancel(separation.id);
    await waitUntil('the receiver is told', () => calls('/cancelled').length > 0);
    expect(JSON.parse(calls('/cancelled')[0]?.body ?? '')).toMatchObject({
      type: 'separation.cancelled',
      data: { id: separation.id, status: 'cancelled' },
    });
    expect(calls('/failed')).toEqual([]);
  });

  it('tells of an ending whose process died before it could say so', async () => {
    await create({ url: url('/silent') });
    const request = someRequest({ owner: 'ann' });
    const documents = new Documents(api.store);
    await documents.putRequest(request);
    await documents.putManifest(someManifest(request));
    await api.app.get(ReconcilerService).run();
    await waitUntil('the receiver is told', () => calls('/silent').length > 0);
    expect(calls('/silent')[0]?.headers['webhook-id']).toMatch(new RegExp(`^${request.id}_completed_`));
  });

  it('answers 404 for a delivery that is not there', async () => {
    const { body: webhook } = await create({ url: url() });
    for (const n of ['x', '1796000000000-0123456789abcdef', '..']) {
      const path = `${HOOKS}/${webhook.id}/deliveries/${encodeURIComponent(n)}/redeliver`;
      expect((await ann.json<Problem>(path, { method: 'POST' })).status).toBe(404);
    }
  });
});
