import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SeparationStore } from '@app/separation-store';
import { QUEUE_NAME, RedisConnections } from '@app/redis';
import type { SeparationId, SeparationPage } from '@app/separations';
import { Worker, type Job } from 'bullmq';
import { startApi, type InProcessApi } from '../../../../test/support/service/in-process-api.js';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import { TcpProxy } from '../../../../test/support/servers/tcp-proxy.js';
import { Documents, someManifest } from '../../../../test/support/separations/stored-separations.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { wav } from '../../../../test/support/songs/wav.js';
import { SeparationAccess } from '../access/separation-access.js';
import { SeparationReader } from './separation-reader.js';

/** longer than `LastTold` waits, ms */
const SLOW_MS = 110;

describe(`${SeparationReader.name}, in two servers`, () => {
  let redis: RedisServer;
  /** on the way from the first server to Redis */
  let proxy: TcpProxy;
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
    proxy = await TcpProxy.start(redis.port);
    [here, there] = await Promise.all([
      startApi(new URL(`redis://127.0.0.1:${proxy.port}`), { DATA_DIR: folder }),
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
    await proxy.close();
    await redis.close();
    await rm(folder, { recursive: true });
  });

  /** the song of the separation that was made last */
  const song = (): Buffer => wav({ frequency, seconds: 0.2 });

  /** one that both remember as it is */
  async function known(status: string): Promise<SeparationId> {
    frequency += 1;
    const { id } = (await here.client.upload(song(), { model: 'demo' })).body;
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

  /** From now on, the second server remembers the separation as it was just before the first one changes it. */
  function rememberOld(id: SeparationId): void {
    const put = here.store.putText.bind(here.store);
    here.store.putText = async (...args) => {
      here.store.putText = put;
      there.app.get(SeparationAccess).forget(id);
      await there.client.separation(id);
      await put(...args);
    };
  }

  describe('one of which is slow to reach Redis', () => {
    afterEach(() => {
      proxy.delayMs = 0;
    });

    it('shows at once what that one has cancelled', async () => {
      const id = await known('processing');
      rememberOld(id);
      proxy.delayMs = SLOW_MS;
      expect((await here.client.cancel(id)).body.status).toBe('cancelled');
      expect(await statusOf(id, there)).toBe('cancelled');
    });

    it('shows at once the new name that a song got there', async () => {
      const id = await known('completed');
      rememberOld(id);
      proxy.delayMs = SLOW_MS;
      const { body } = await here.client.upload(song(), { model: 'demo' }, 'new.mp3');
      expect([body.id, body.fileName]).toEqual([id, 'new.mp3']);
      expect((await there.client.separation(id)).body.fileName).toBe('new.mp3');
    });
  });

  it('shows at once what is edited at the other', async () => {
    const id = await known('completed');
    rememberOld(id);
    expect((await here.client.edit(id, { title: 'Mine' })).body.title).toBe('Mine');
    expect((await there.client.separation(id)).body).toMatchObject({ title: 'Mine', own: { title: 'Mine' } });
  });

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
