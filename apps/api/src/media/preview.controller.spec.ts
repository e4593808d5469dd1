import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { Ffmpeg } from '@app/audio';
import { objectKeys, type SeparationId, type StoredRequest } from '@app/separations';
import type { Problem } from '../../../../test/support/service/api-client.js';
import { startApi, type InProcessApi } from '../../../../test/support/service/in-process-api.js';
import { Documents, someManifest } from '../../../../test/support/separations/stored-separations.js';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import { storeSeparation } from './completed-separation.fixture.js';
import { PreviewController } from './preview.controller.js';

const ATTEMPT = '5f0c9d3b7a61';
const BLOCK = Buffer.from('fLaC: a block');

describe(PreviewController.name, () => {
  let redis: RedisServer;
  let api: InProcessApi;
  let running: StoredRequest;

  beforeAll(async () => {
    redis = await RedisServer.start();
    api = await startApi(redis.url);
  });

  afterAll(async () => {
    await api.close();
    await redis.close();
  });

  beforeEach(async () => {
    running = await start();
  });

  /** a separation whose worker has published a block */
  async function start(owner: string | null = null): Promise<StoredRequest> {
    const given = { seconds: 1, stems: ['vocals', 'drums'], completed: false, owner };
    const request = await storeSeparation(api.app.get(Ffmpeg), api.store, given);
    await api.store.put(objectKeys.previewBlock(request.id, ATTEMPT, 'vocals', 0), Readable.from([BLOCK]));
    return request;
  }

  const pathOf = (id: SeparationId, block = `${ATTEMPT}/vocals/0`): string =>
    `/v1/separations/${id}/preview/${block}.flac`;

  async function refusal(id: SeparationId, block?: string): Promise<[number, string]> {
    const { status, body } = await api.client.json<Problem>(pathOf(id, block));
    return [status, body.code];
  }

  it('serves a block while the separation runs, and for good to a cache', async () => {
    const { status, headers, body } = await api.client.bytes(pathOf(running.id));
    expect([status, headers.get('content-type')]).toEqual([200, 'audio/flac']);
    expect(body.equals(BLOCK)).toBe(true);
    expect(headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
    expect((await api.client.fetch(pathOf(running.id), { method: 'HEAD' })).status).toBe(200);
  });

  it.each([
    [`${ATTEMPT}/vocals/1`, 404, 'not_found'],
    [`${'0'.repeat(12)}/vocals/0`, 404, 'not_found'],
    [`${ATTEMPT}/tuba/0`, 404, 'stem_not_found'],
    [`${ATTEMPT}/vocals/00`, 400, 'invalid_request'],
    ['..%2Fstems/vocals/0', 400, 'invalid_request'],
  ])('has no %s', async (block, ...wanted) => {
    expect(await refusal(running.id, block)).toEqual(wanted);
  });

  it('is gone with the end of the separation, also where this server does not know of the end yet', async () => {
    expect((await api.client.fetch(pathOf(running.id))).status).toBe(200);
    // as a worker does
    await new Documents(api.store).putManifest(someManifest(running));
    await api.store.removeAll(objectKeys.previews(running.id));
    expect(await refusal(running.id)).toEqual([410, 'preview_ended']);
  });

  it('shows nobody else that there is one', async () => {
    const { id } = await start('somebody');
    expect(await refusal(id)).toEqual([404, 'separation_not_found']);
  });
});
