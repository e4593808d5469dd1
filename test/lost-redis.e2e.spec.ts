import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeSong } from './support/songs/songs.js';
import { slowEngine } from './support/service/slow-engine.js';
import { TestService } from './support/service/test-service.js';
import { EventReader } from './support/service/event-reader.js';
import { waitUntil } from './support/wait-until.js';
import { patient } from './support/patience.js';

describe('Redis that goes away', () => {
  let service: TestService;

  beforeAll(async () => {
    // slow enough to be heard
    service = await TestService.start({ env: slowEngine(1) });
  });

  afterAll(() => service.close());

  it('is answered with 503 within 2 s, and by work again within 3 s of its return', async () => {
    const song = await makeSong(service.folder, 3);
    await service.redis.kill();
    const askedAt = performance.now();
    const refused = await service.api.upload(song);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(performance.now() - askedAt).toBeLessThan(patient(2000));

    await service.redis.start();
    await waitUntil('rest-server is ready', async () => (await service.api.fetch('/health/ready')).ok, {
      deadlineMs: 3000,
    });
    const accepted = await service.api.upload(song);
    expect(accepted.status).toBe(202);
    await service.waitFor(accepted.body.id, 'completed');
  });

  it('finishes a running separation over an outage', async () => {
    const { id } = (await service.api.upload(await makeSong(service.folder, 20))).body;
    await waitUntil('it runs', async () => (await service.api.separation(id)).body.progress.stage === 'separate');
    await service.redis.kill();
    await service.redis.start();
    const done = await service.waitFor(id, 'completed', 120_000);
    expect(done.receipt?.stems).toHaveLength(4);
  });

  it('loses nothing that was accepted when it is wiped', async () => {
    const songs = await Promise.all([1, 2, 3].map((variant) => makeSong(service.folder, 12, variant)));
    const accepted = await Promise.all(songs.map((song) => service.api.upload(song)));
    expect(accepted.map(({ status }) => status)).toEqual([202, 202, 202]);
    const port = service.apis[0]?.port ?? 0;
    const listeners = accepted.map(({ body }) => EventReader.open(port, body.id, { query: '?preview=true' }));
    await waitUntil('something is heard', () => listeners.some(({ previews }) => previews.length > 0));
    await service.redis.wipe();
    for (const { body } of accepted) await service.waitFor(body.id, 'completed', 120_000);
    await Promise.all(listeners.map(({ ended }) => ended));
    const previews = async (): Promise<string[]> =>
      (await service.objects('separations/')).filter((key) => key.includes('/preview/'));
    await waitUntil('no preview is left', async () => (await previews()).length === 0);
    const { body } = await service.api.json<{ separations: { id: string }[] }>('/v1/separations?limit=100');
    expect(body.separations.map(({ id }) => id)).toEqual(
      expect.arrayContaining(accepted.map((answer) => answer.body.id)),
    );
  });
});
