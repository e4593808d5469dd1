import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeSong } from './support/songs/songs.js';
import { slowEngine } from './support/service/slow-engine.js';
import { TestService } from './support/service/test-service.js';
import { waitUntil } from './support/wait-until.js';

describe('cancel, from another rest-server than the one that took the song', () => {
  let service: TestService;

  beforeAll(async () => {
    service = await TestService.start({ env: slowEngine(1) });
    await service.startApi();
  });

  afterAll(() => service.close());

  it('ends a running separation within 2 s, and the one that waits behind it at once', async () => {
    const running = (await service.api.upload(await makeSong(service.folder, 40))).body.id;
    await waitUntil('it runs', async () => (await service.api.separation(running)).body.progress.stage === 'separate');
    const waiting = (await service.api.upload(await makeSong(service.folder, 41))).body.id;

    for (const id of [waiting, running]) {
      expect((await service.client(1).cancel(id)).status).toBe(202);
      await service.waitFor(id, 'cancelled', 2000);
    }
    const again = await service.client(1).cancel(running);
    expect({ status: again.status, state: again.body.status }).toEqual({ status: 200, state: 'cancelled' });
  });

  it('refuses to cancel what is completed', async () => {
    const { id } = (await service.api.upload(await makeSong(service.folder, 3))).body;
    await service.waitFor(id, 'completed');
    expect((await service.client(1).cancel(id)).status).toBe(409);
  });

  it('lets a cancelled song be separated after all when it is uploaded again', async () => {
    const song = await makeSong(service.folder, 10);
    const { id } = (await service.api.upload(song)).body;
    await service.client(1).cancel(id);
    await service.waitFor(id, 'cancelled', 2000);
    const again = await service.api.upload(song);
    expect({ status: again.status, id: again.body.id }).toEqual({ status: 202, id });
    await service.waitFor(id, 'completed', 90_000);
  });
});
