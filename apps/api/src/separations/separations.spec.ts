import { SeparationStore } from '@app/separation-store';
import { Documents } from '../../../../test/support/separations/stored-separations.js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CancelSignals, SeparationQueue } from '@app/queue';
import { QUEUE_NAME, RedisConnections } from '@app/redis';
import { Worker } from 'bullmq';
import { objectKeys, type Separation, type SeparationId, type SeparationPage } from '@app/separations';
import type { ApiClient } from '../../../../test/support/service/api-client.js';
import { keyLine, startApi, type InProcessApi } from '../../../../test/support/service/in-process-api.js';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import { StandInWorker } from '../../../../test/support/separations/stand-in-worker.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { wav } from '../../../../test/support/songs/wav.js';
import { ReconcilerService } from '../reconciler/reconciler.service.js';
import { SeparationsService } from './separations.service.js';

const DEMO = { model: 'demo' };

describe(SeparationsService.name, () => {
  let redis: RedisServer;
  let api: InProcessApi;
  let folder: string;
  let ann: ApiClient;
  let bob: ApiClient;
  let frequency = 200;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keys-'));
    const file = join(folder, 'keys');
    await writeFile(file, keyLine('ann', 'key-of-ann') + keyLine('bob', 'key-of-bob') + keyLine('cem', 'key-of-cem'));
    redis = await RedisServer.start();
    api = await startApi(redis.url, { API_KEYS_FILE: file });
    ann = api.as('key-of-ann');
    bob = api.as('key-of-bob');
  });

  afterAll(async () => {
    await api.close();
    await redis.close();
    await rm(folder, { recursive: true });
  });

  async function submit(client: ApiClient): Promise<SeparationId> {
    const { status, body } = await client.upload(wav({ frequency: frequency++, seconds: 0.2 }), DEMO);
    expect(status).toBe(202);
    return body.id;
  }

  /** runs the work while a worker takes jobs */
  async function withWorker(work: (worker: StandInWorker) => Promise<void>): Promise<void> {
    const worker = await StandInWorker.start(redis.url, api.store);
    try {
      await work(worker);
    } finally {
      await worker.close();
    }
  }

  async function reaches(id: SeparationId, status: string): Promise<Separation> {
    await waitUntil(`${id} to be ${status}`, async () => (await ann.separation(id)).body.status === status);
    return (await ann.separation(id)).body;
  }

  it('hides the separations of one key from another', async () => {
    const id = await submit(ann);
    const asked = await Promise.all([
      bob.separation(id),
      bob.cancel(id),
      bob.json(`/v1/separations/${id}`, { method: 'DELETE' }),
      bob.json(`/v1/separations/${id}/events`),
    ]);
    for (const answer of asked) expect(answer).toMatchObject({ status: 404, body: { code: 'separation_not_found' } });
    expect((await bob.json<SeparationPage>('/v1/separations')).body.separations).toEqual([]);
    expect((await ann.separation(id)).status).toBe(200);
    await ann.cancel(id);
  });

  it('makes two separations of the same song from two keys', async () => {
    const bytes = wav({ frequency: 5000 });
    const [mine, yours] = [await ann.upload(bytes, DEMO), await bob.upload(bytes, DEMO)];
    expect(mine.body.id).not.toBe(yours.body.id);
    await Promise.all([ann.cancel(mine.body.id), bob.cancel(yours.body.id)]);
  });

  it('lists newest first, page by page, and by status', async () => {
    const cem = api.as('key-of-cem');
    const ids: string[] = [];
    for (let count = 0; count < 5; count++) ids.unshift(await submit(cem));
    const seen: string[] = [];
    let cursor: string | null = '';
    do {
      const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page: SeparationPage = (await cem.json<SeparationPage>(`/v1/separations?limit=2${query}`)).body;
      expect(page.separations.length).toBeLessThanOrEqual(2);
      seen.push(...page.separations.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(ids);
    await cem.cancel(ids[2] ?? '');
    const listed = async (status: string): Promise<string[]> =>
      (await cem.json<SeparationPage>(`/v1/separations?status=${status}`)).body.separations.map(({ id }) => id);
    expect(await listed('cancelled')).toEqual([ids[2]]);
    expect(await listed('queued')).toEqual(ids.filter((id) => id !== ids[2]));
    await Promise.all(ids.map((id) => cem.cancel(id)));
  });

  it.each(['limit=0', 'limit=101', 'limit=x', 'status=done', 'cursor=%20', 'cursor=nonsense', 'page=1'])(
    'answers 400 to a list with %s',
    async (query) => {
      expect((await ann.json(`/v1/separations?${query}`)).status).toBe(400);
    },
  );

  it('cancels a waiting separation: its job is gone, and its request says so', async () => {
    const id = await submit(ann);
    expect(await ann.cancel(id)).toMatchObject({ status: 202, body: { id, status: 'cancelled' } });
    expect(await api.app.get(SeparationQueue).state(id)).toBeUndefined();
    expect((await new Documents(api.store).request(id))?.outcome.state).toBe('cancelled');
    expect(await ann.cancel(id)).toMatchObject({ status: 200, body: { id, status: 'cancelled' } });
  });

  it('follows a job to its end, and then answers 200 to the same song', async () => {
    await withWorker(async (worker) => {
      const bytes = wav({ frequency: 6000 });
      const { body } = await ann.upload(bytes, DEMO);
      await reaches(body.id, 'processing');
      await worker.report(body.id, 42.5);
      await waitUntil('progress to show', async () => (await ann.separation(body.id)).body.progress.percent === 42.5);
      await worker.complete(body.id);
      const done = await reaches(body.id, 'completed');
      expect(done).toMatchObject({ progress: { percent: 100, stage: 'done' }, receipt: { id: body.id } });
      expect(done.links.stems).toMatchObject({ vocals: { flac: `/v1/separations/${body.id}/stems/vocals.flac` } });
      expect(await ann.upload(bytes, DEMO)).toMatchObject({ status: 200, body: { status: 'completed' } });
      expect(await ann.cancel(body.id)).toMatchObject({ status: 409, body: { code: 'already_finished' } });
    });
  });

  it('cancels a running separation within 2 s, and accepts the song again', async () => {
    await withWorker(async (worker) => {
      const bytes = wav({ frequency: 7000 });
      const { body } = await ann.upload(bytes, DEMO);
      await reaches(body.id, 'processing');
      expect((await ann.cancel(body.id)).body.status).toBe('cancelled');
      await waitUntil('the worker to stop', () => !worker.has(body.id), { deadlineMs: 2000 });
      expect(await ann.upload(bytes, DEMO)).toMatchObject({ status: 202, body: { id: body.id } });
      expect(await api.app.get(CancelSignals).isRequested(body.id)).toBe(false);
      await reaches(body.id, 'processing');
      await worker.complete(body.id);
      await reaches(body.id, 'completed');
    });
  });

  it('removes an ended separation with all its objects, and refuses while it is active', async () => {
    const id = await submit(ann);
    const remove = () => ann.json(`/v1/separations/${id}`, { method: 'DELETE' });
    expect(await remove()).toMatchObject({ status: 409, body: { code: 'still_active' } });
    await ann.cancel(id);
    expect((await remove()).status).toBe(204);
    expect(await api.objects(objectKeys.separation(id))).toEqual([]);
    expect((await ann.separation(id)).status).toBe(404);
    expect((await remove()).status).toBe(404);
    const list = await ann.json<SeparationPage>('/v1/separations?limit=100');
    expect(list.body.separations.map((one) => one.id)).not.toContain(id);
  });

  it('does not show as queued what another server has removed a moment ago', async () => {
    const id = await submit(ann);
    // remembered as open
    expect((await ann.separation(id)).body.status).toBe('queued');
    await api.app.get(SeparationQueue).remove(id);
    await new Documents(api.store).removeRequest(id);
    const list = await ann.json<SeparationPage>('/v1/separations?limit=100');
    expect(list.body.separations.map((one) => one.id)).not.toContain(id);
    expect(await ann.separation(id)).toMatchObject({ status: 404, body: { code: 'separation_not_found' } });
  });

  it('removes a cancelled separation whose worker lost Redis', async () => {
    const id = await submit(ann);
    const remove = () => ann.json(`/v1/separations/${id}`, { method: 'DELETE' });
    const connections = new RedisConnections({ url: redis.url });
    // takes the job and is never heard of again
    const lost = new Worker(QUEUE_NAME, null, {
      connection: connections.forWorker(),
      prefix: connections.keys.prefix,
      lockDuration: 5000,
    });
    try {
      await waitUntil('the job', async () => (await lost.getNextJob('lost')).id === id);
      expect((await ann.separation(id)).body.status).toBe('processing');
      await ann.cancel(id);
      expect(await remove()).toMatchObject({ status: 409, body: { code: 'still_active' } });
      await waitUntil('its lock to expire', async () => (await remove()).status === 204);
      expect(await api.app.get(SeparationQueue).state(id)).toBeUndefined();
      expect(await api.objects(objectKeys.separation(id))).toEqual([]);
    } finally {
      await lost.close(true);
      await connections.close();
    }
  });

  it('shows why a separation failed, and accepts it again', async () => {
    const bytes = wav({ frequency: 8000 });
    const { body } = await ann.upload(bytes, DEMO);
    await api.app.get(SeparationQueue).remove(body.id);
    // an earlier version stored the engine's own words
    const failure = { code: 'engine_crashed', message: 'cannot start /opt/venv/bin/python' } as const;
    await api.app.get(SeparationStore).fail(body, failure);
    const error = { code: 'engine_crashed', message: 'cannot start …' };
    expect(await reaches(body.id, 'failed')).toMatchObject({ error });
    expect(await ann.upload(bytes, DEMO)).toMatchObject({ status: 202, body: { status: 'queued' } });
    await ann.cancel(body.id);
  });

  it.each<[bytes: number, document: string]>([
    [0, 'request.json'],
    [3, 'request.json'],
    [11, 'request.json'],
    [0, 'manifest.json'],
    [3, 'manifest.json'],
    [11, 'manifest.json'],
  ])('shows a separation with %d bytes of its %s as failed, beside the others', async (bytes, document) => {
    const song = wav({ frequency: frequency++, seconds: 0.2 });
    const { id } = (await ann.upload(song, DEMO)).body;
    const other = await submit(ann);
    const damage = async (): Promise<void> => {
      await api.app.get(SeparationQueue).remove(id);
      await api.store.putText(`separations/${id}/${document}`, '{"id":"sep_0'.slice(0, bytes));
    };
    await damage();
    const shown = await reaches(id, 'failed');
    expect(shown).toMatchObject({ error: { code: 'record_damaged' }, links: { self: `/v1/separations/${id}` } });
    await api.app.get(ReconcilerService).run();
    const list = await ann.json<SeparationPage>('/v1/separations?limit=2');
    expect(list.body.separations.map((one) => [one.id, one.status])).toEqual(
      expect.arrayContaining([
        [id, 'failed'],
        [other, 'queued'],
      ]),
    );
    expect((await bob.separation(id)).status).toBe(404);
    expect(await ann.upload(song, DEMO)).toMatchObject({ status: 202, body: { id, status: 'queued' } });
    await damage();
    await reaches(id, 'failed');
    expect((await ann.json(`/v1/separations/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect(await api.objects(`separations/${id}/`)).toEqual([]);
  });
});
