import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RedisConnections } from '@app/redis';
import { SeparationIndex } from '@app/separation-store';
import type { Separation, SeparationPage } from '@app/separations';
import type { ApiClient } from '../../../../test/support/service/api-client.js';
import { keyLine, startApi, type InProcessApi } from '../../../../test/support/service/in-process-api.js';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import { wav } from '../../../../test/support/songs/wav.js';
import { ownerOfKey } from './api-keys.js';

const SONG = wav({ frequency: 700, seconds: 0.2 });
const DEMO = { model: 'demo' };

describe(ownerOfKey.name, () => {
  let redis: RedisServer;
  let folder: string;
  let made: Separation;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'unowned-'));
    await writeFile(join(folder, 'keys'), keyLine('ann', 'key-of-ann') + keyLine('@unowned', 'key-of-the-operator'));
    redis = await RedisServer.start();
    await serve({}, async ({ client }) => {
      made = (await client.upload(SONG, DEMO)).body;
    });
  });

  afterAll(async () => {
    await redis.close();
    await rm(folder, { recursive: true });
  });

  /** starts the service on the same data again */
  async function serve(env: Record<string, string>, use: (api: InProcessApi) => Promise<void>): Promise<void> {
    const data = join(folder, 'data');
    const api = await startApi(redis.url, { ...env, DATA_DIR: data });
    try {
      await use(api);
    } finally {
      await api.close();
    }
  }

  const withKeys = (use: (api: InProcessApi) => Promise<void>): Promise<void> =>
    serve({ API_KEYS_FILE: join(folder, 'keys') }, use);

  async function listed(client: ApiClient): Promise<string[]> {
    const { body } = await client.json<SeparationPage>('/v1/separations');
    return body.separations.map(({ id }) => id);
  }

  it('opens what was separated without keys to a key of that name only', async () => {
    await withKeys(async (api) => {
      const [ann, operator] = [api.as('key-of-ann'), api.as('key-of-the-operator')];
      for (const stranger of [ann, api.client, api.as('@unowned')]) {
        expect((await stranger.separation(made.id)).status).toBe(stranger === ann ? 404 : 401);
      }
      expect([await listed(ann), await listed(operator)]).toEqual([[], [made.id]]);
      expect((await operator.bytes(`/v1/separations/${made.id}/input`)).body.equals(SONG)).toBe(true);
      // the same song is still separated once
      expect((await operator.upload(SONG, DEMO)).body.id).toBe(made.id);
      expect((await ann.upload(SONG, DEMO)).body.id).not.toBe(made.id);
      expect((await operator.cancel(made.id)).status).toBe(202);
    });
  });

  it('lists nothing of another owner, whatever Redis says', async () => {
    await withKeys(async (api) => {
      const [ann, operator] = [api.as('key-of-ann'), api.as('key-of-the-operator')];
      const hers = (await ann.upload(SONG, DEMO)).body;
      const connections = new RedisConnections({ url: redis.url });
      await new SeparationIndex(connections).add(null, hers.id, hers.createdAt);
      await connections.close();
      expect([await listed(ann), await listed(operator)]).toEqual([[hers.id], [made.id]]);
    });
  });

  it('leaves to everybody what it added, once keys are turned off again', async () => {
    let added = '';
    await withKeys(async (api) => {
      const song = wav({ frequency: 701, seconds: 0.2 });
      added = (await api.as('key-of-the-operator').upload(song, DEMO)).body.id;
    });
    await serve({}, async ({ client }) => {
      expect(await listed(client)).toEqual([added, made.id]);
      for (const id of [added, made.id]) await client.cancel(id);
      expect((await client.json(`/v1/separations/${made.id}`, { method: 'DELETE' })).status).toBe(204);
    });
  });
});
