import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { StorageUnavailableError } from '@app/storage';
import type { Problem } from '../../../test/support/api-client.js';
import { startApi, type InProcessApi } from '../../../test/support/in-process-api.js';
import { RedisServer } from '../../../test/support/redis-server.js';
import { waitUntil } from '../../../test/support/wait-until.js';
import { wav } from '../../../test/support/wav.js';
import { createApp } from './create-app.js';

const DEMO = { model: 'demo' };

describe(createApp.name, () => {
  let redis: RedisServer;
  let api: InProcessApi;

  beforeEach(async () => {
    redis = await RedisServer.start();
    api = await startApi(redis.url, { RATE_LIMIT_PER_MINUTE: '1000' });
  });

  afterEach(async () => {
    await redis.close();
    await api.close();
  });

  /** every call that needs what is away, at once */
  async function expectAllUnavailable(id: string, code: string): Promise<void> {
    const startedAt = performance.now();
    const answers = await Promise.all([
      api.client.upload(wav({ frequency: 999 }), DEMO),
      api.client.json<Problem>(`/v1/separations/${id}`),
      api.client.json<Problem>(`/v1/separations/${id}/cancel`, { method: 'POST' }),
      api.client.json<Problem>(`/v1/separations/${id}`, { method: 'DELETE' }),
      api.client.json<Problem>(`/v1/separations/${id}/events`),
      api.client.json<Problem>('/health/ready'),
    ]);
    expect(performance.now() - startedAt).toBeLessThan(2000);
    for (const answer of answers) {
      expect(answer.status).toBe(503);
      expect([code, 'not_ready']).toContain(answer.body.code);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
  }

  it.each<[what: string, end: (server: RedisServer) => unknown, begin: (server: RedisServer) => unknown]>([
    ['killed', (server) => server.kill(), (server) => server.start()],
    [
      'frozen',
      (server) => {
        server.pause();
      },
      (server) => {
        server.resume();
      },
    ],
  ])('answers 503 within 2 s while Redis is %s, and works within 3 s of its return', async (_, end, begin) => {
    const bytes = wav();
    const { id } = (await api.client.upload(bytes, DEMO)).body;
    await end(redis);
    await expectAllUnavailable(id, 'queue_unavailable');
    expect((await api.client.json<Problem>('/v1/separations')).status).toBe(503);
    expect((await api.client.json<Problem>('/v1/models')).status).toBe(503);
    expect((await api.client.json('/health/live')).status).toBe(200);
    expect((await api.client.fetch('/metrics')).status).toBe(200);
    expect(await api.objects('staging/')).toEqual([]);
    await begin(redis);
    await waitUntil('the API to work again', async () => (await api.client.separation(id)).status === 200, {
      deadlineMs: 3000,
    });
    expect((await api.client.upload(bytes, DEMO)).body).toMatchObject({ id, status: 'queued' });
  });

  it('answers 503 within 2 s while the store is away, keeps nothing, and works at its return', async () => {
    const { id } = (await api.client.upload(wav(), DEMO)).body;
    const away = (): Promise<never> => Promise.reject(new StorageUnavailableError('for a spec'));
    const methods = (['put', 'putText', 'getText', 'ping', 'remove', 'copy'] as const).map((method) =>
      jest.spyOn(api.store, method).mockImplementation(away),
    );
    await waitUntil('what is remembered to expire', async () => (await api.client.separation(id)).status === 503);
    await expectAllUnavailable(id, 'storage_unavailable');
    for (const method of methods) method.mockRestore();
    expect((await api.client.separation(id)).body).toMatchObject({ id, status: 'queued' });
    expect(await api.objects('staging/')).toEqual([]);
  });

  it('answers 503 within 2 s while the store hangs', async () => {
    const { id } = (await api.client.upload(wav(), DEMO)).body;
    let release = (): void => undefined;
    const hanging = new Promise<undefined>((resolve) => {
      release = (): void => {
        resolve(undefined);
      };
    });
    const getText = jest.spyOn(api.store, 'getText').mockImplementation(() => hanging);
    await waitUntil('what is remembered to expire', async () => (await api.client.separation(id)).status === 503);
    const startedAt = performance.now();
    expect(await api.client.separation(id)).toMatchObject({ status: 503, body: { code: 'storage_unavailable' } });
    expect(performance.now() - startedAt).toBeLessThan(2000);
    getText.mockRestore();
    release();
  });
});
