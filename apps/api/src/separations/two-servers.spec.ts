import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SeparationStore } from '@app/separation-store';
import { QUEUE_NAME, RedisConnections } from '@app/redis';
import type { SeparationId, SeparationPage } from '@app/separations';
import { Worker, type Job } from 'bullmq';
import { startApi, type InProcessApi } from '../../../../test/support/service/in-process-api.js';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import { Documents, someManifest } from '../../../../test/support/separations/stored-separations.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { wav } from '../../../../test/support/songs/wav.js';
import { SeparationReader } from './separation-reader.js';

describe(`${SeparationReader.name}, in two servers`, () => {
  let redis: RedisServer;
  let folder: string;
  let here: InProcessApi;
  let there: InProcessApi;
  let connections: RedisConnections;
  /** takes jobs and keeps them: the queue goes on showing them as active */
  let holder: Worker;
  let held: Job | undefined;
  let frequency = 300;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'two-servers-'));
    redis = await RedisServer.start();
    [here, there] = await Promise.all([
      startApi(redis.url, { DATA_DIR: folder }),
      startApi(redis.url, { DATA_DIR: folder }),
    ]);
    connections = new RedisConnections({ url: redis.url });
    const { prefix } = connections.keys;
    holder = new Worker(QUEUE_NAME, null, { connection: connections.forWorker(), prefix, lockDuration: 60_000 });
    holder.on('error', () => undefined);
  });

  afterAll(async () => {
    await holder.close(true);
    await connections.close();
    await Promise.all([here.close(), there.close()]);
    await redis.close();
    await rm(folder, { recursive: true });
  });

  /** one that both remember as it is */
  async function known(status: string): Promise<SeparationId> {
    const { id } = (await here.client.upload(wav({ frequency: frequency++, seconds: 0.2 }), { model: 'demo' })).body;
    await waitUntil('its job to be held', async () => {
      held = await holder.getNextJob('holder');
      return held.id === id;
    });
    if (status === 'completed') await complete(id);
    for (const api of [here, there])
      await waitUntil(`it to be ${status}`, async () => (await statusOf(id, api)) === status);
    return id;
  }

  async function complete(id: SeparationId): Promise<void> {
    const request = await new Documents(here.store).request(id);
    if (request === undefined) throw new Error('the request is gone');
    await here.app.get(SeparationStore).commit(request, someManifest(request));
  }

  async function statusOf(id: SeparationId, api: InProcessApi): Promise<string | number> {
    const { status, body } = await api.client.separation(id);
    return status === 200 ? body.status : status;
  }

  async function listed(id: SeparationId, api: InProcessApi): Promise<string | undefined> {
    const { body } = await api.client.json<SeparationPage>('/v1/separations?limit=100');
    return body.separations.find((one) => one.id === id)?.status;
  }

  it('shows at once what the other has cancelled, though its worker still has it', async () => {
    const id = await known('processing');
    expect((await here.client.cancel(id)).body.status).toBe('cancelled');
    expect([await statusOf(id, there), await listed(id, there)]).toEqual(['cancelled', 'cancelled']);
  });

  it('shows as completed what the other has shown so, though its job has not ended', async () => {
    const id = await known('processing');
    await complete(id);
    // who asks for files makes the server look again
    await here.client.json(`/v1/separations/${id}/waveform`);
    expect(await statusOf(id, here)).toBe('completed');
    expect([await statusOf(id, there), await listed(id, there)]).toEqual(['completed', 'completed']);
  });

  it('shows nothing of what the other has deleted', async () => {
    const id = await known('completed');
    await held?.moveToCompleted(null, 'holder', false);
    expect((await here.client.json(`/v1/separations/${id}`, { method: 'DELETE' })).status).toBe(204);
    const files = await there.client.json(`/v1/separations/${id}/waveform`);
    expect([await statusOf(id, there), await listed(id, there), files.status]).toEqual([404, undefined, 404]);
  });

  it('believes the store after a wipe of Redis, and while it is away', async () => {
    const [wiped, away] = [await known('processing'), await known('completed')];
    const documents = new Documents(here.store);
    const request = await documents.request(wiped);
    if (request === undefined) throw new Error('the request is gone');
    await redis.wipe();
    await documents.putRequest({ ...request, outcome: { state: 'cancelled', at: new Date().toISOString() } });
    for (const api of [here, there]) expect(await statusOf(wiped, api)).toBe('cancelled');
    for (const api of [here, there]) expect(await statusOf(away, api)).toBe('completed');
    await redis.stop();
    await documents.removeRequest(away);
    for (const api of [here, there]) expect(await statusOf(away, api)).toBe(404);
    await redis.start();
  });
});
