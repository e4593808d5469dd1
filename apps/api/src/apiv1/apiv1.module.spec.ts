import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyLine, startApi } from '../../../../test/support/service/in-process-api.js';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import { wav } from '../../../../test/support/songs/wav.js';

import { Apiv1Module } from './apiv1.module.js';

describe(Apiv1Module.name, () => {
  let redis: RedisServer;
  let folder: string;

  beforeAll(async () => {
    redis = await RedisServer.start();
    folder = await mkdtemp(join(tmpdir(), 'keys-'));
    const keys =
      keyLine('ann', 'key-of-ann') +
      keyLine('bob', 'key-of-bob') +
      keyLine('eve', 'key-of-eve', 'scopes=read,separate');
    await writeFile(join(folder, 'keys'), keys);
  });

  afterAll(async () => {
    await redis.close();
    await rm(folder, { recursive: true });
  });

  it('is off by default', async () => {
    const api = await startApi(redis.url);
    for (const [method, path] of [
      ['POST', 'separate'],
      ['GET', 'queue/'],
      ['GET', 'track/0/bass'],
      ['DELETE', 'remove/0/bass'],
    ] as const) {
      const answer = await api.client.json<{ code: string }>(`/apiv1/${path}`, { method });
      expect(answer).toMatchObject({ status: 404, body: { code: 'not_found' } });
    }
    const document = await (await api.client.fetch('/docs-json')).text();
    expect(document).not.toMatch(/apiv1|ompatibility/);
    await api.close();
  });

  it('needs a key where others do, and keeps owners apart', async () => {
    const api = await startApi(redis.url, { COMPAT_API: 'lab7', MODEL: 'demo', API_KEYS_FILE: join(folder, 'keys') });
    const [ann, bob, eve] = [api.as('key-of-ann'), api.as('key-of-bob'), api.as('key-of-eve')];
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: JSON.stringify({ mp3: wav({ seconds: 0.2 }).toString('base64') }) };
    expect((await api.client.json('/apiv1/separate', init)).status).toBe(401);
    expect((await api.client.json('/apiv1/queue/')).status).toBe(401);
    const { hash } = (await ann.json<{ hash: string }>('/apiv1/separate', init)).body;
    expect((await ann.json('/apiv1/queue/')).body).toEqual({ queue: [hash] });
    expect((await bob.json('/apiv1/queue/')).body).toEqual({ queue: [] });
    expect((await bob.json(`/apiv1/track/${hash}/vocals`)).body).toMatchObject({ code: 'separation_not_found' });
    for (const method of ['GET', 'DELETE']) {
      expect((await eve.json(`/apiv1/remove/${hash}/vocals`, { method })).body).toMatchObject({
        code: 'scope_missing',
      });
    }
    await api.close();
  });
});
