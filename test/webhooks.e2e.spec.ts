import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadApiConfig } from '@app/config';
import { createObjectStore, type ObjectStore } from '@app/storage';
import type { CreatedWebhook, DeliveryList, SeparationId } from '@app/separations';
import { startHookReceiver, type HookReceiver } from './support/servers/hook-receiver.js';
import { StandInWorker } from './support/separations/stand-in-worker.js';
import { TestService } from './support/service/test-service.js';
import { waitUntil } from './support/wait-until.js';
import { wav } from './support/songs/wav.js';

/** songs of one round, besides one that stays open; each round ends in a kill, and the worker takes four at once */
const SONGS = 3;
const PERMITTED = { WEBHOOK_ALLOW: '127.0.0.1' };

describe('webhooks, while servers are killed', () => {
  let service: TestService;
  let store: ObjectStore;
  let worker: StandInWorker;
  let receiver: HookReceiver;
  let pitch = 100;

  beforeAll(async () => {
    service = await TestService.prepare({ env: PERMITTED });
    store = createObjectStore(loadApiConfig({ DATA_DIR: service.folder }).storage);
    await service.startApi();
    worker = await StandInWorker.start(service.redis.url, store);
    receiver = await startHookReceiver();
  });

  afterAll(async () => {
    await worker.close();
    await store.close();
    await receiver.close();
    await service.close();
  });

  async function upload(): Promise<SeparationId> {
    const answer = await service
      .client(service.apis.length - 1)
      .upload(wav({ frequency: (pitch += 10), seconds: 0.2 }), { model: 'demo' });
    expect(answer.status).toBe(202);
    return answer.body.id;
  }

  const told = (): Set<string> =>
    new Set(receiver.received.map(({ headers }) => String(headers['webhook-id']).replace(/_\d{13}$/, '')));

  it('tells of every separation at least once, and of none that has not ended', async () => {
    const webhook = await service.api.json<CreatedWebhook>('/v1/webhooks', {
      method: 'POST',
      body: JSON.stringify({ url: `http://127.0.0.1:${receiver.port}/` }),
      headers: { 'content-type': 'application/json' },
    });
    expect(webhook.status).toBe(201);
    const ended: SeparationId[] = [];
    for (const afterMs of [0, 5, 40]) {
      const ids = await Promise.all(Array.from({ length: SONGS }, upload));
      const open = await upload();
      await worker.report(open, 10);
      const kill = new Promise((resolve) => setTimeout(resolve, afterMs)).then(() => service.apis.at(-1)?.app.kill());
      await Promise.all(ids.map((id) => worker.complete(id)));
      await kill;
      if (afterMs === 5) await service.redis.wipe();
      expect(told()).not.toContain(`${open}_completed`);
      await service.startApi();
      // the worker lost this job with Redis, or still has it
      await worker.complete(open);
      ended.push(...ids, open);
    }
    const all = ended.map((id) => `${id}_completed`);
    await waitUntil('every separation is told of', () => all.every((id) => told().has(id)), { deadlineMs: 90_000 });
    expect([...told()].sort()).toEqual(all.sort());
    const api = service.client(service.apis.length - 1);
    const log = await waitUntil(
      'the log to say so',
      async () => {
        const { deliveries } = (await api.json<DeliveryList>(`/v1/webhooks/${webhook.body.id}/deliveries`)).body;
        return deliveries.every(({ status }) => status === 'delivered') ? deliveries : undefined;
      },
      { deadlineMs: 90_000 },
    );
    expect(log.map(({ separationId }) => separationId).sort()).toEqual(ended.sort());
  });
});
