import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoggerService } from '@nestjs/common';
import { keyLine, startApi, type InProcessApi } from '../../../../test/support/service/in-process-api.js';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import { wav } from '../../../../test/support/songs/wav.js';
import { audit } from './audit-log.js';

describe(audit.name, () => {
  let redis: RedisServer;
  let api: InProcessApi;
  let folder: string;
  let lines: unknown[][] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keys-'));
    await writeFile(join(folder, 'keys'), keyLine('ann', 'key-of-ann') + keyLine('bob', 'key-of-bob'));
    redis = await RedisServer.start();
    api = await startApi(redis.url, { API_KEYS_FILE: join(folder, 'keys') });
    const take = (...entry: unknown[]): void => {
      if (entry.at(-1) === 'audit') lines.push(entry.slice(0, -1));
    };
    const logger: LoggerService = { log: take, warn: take, error: take };
    api.app.useLogger(logger);
  });

  beforeEach(() => {
    lines = [];
  });

  afterAll(async () => {
    await api.close();
    await redis.close();
    await rm(folder, { recursive: true });
  });

  const line = (what: string, key: string, separationId?: string): unknown[] => [
    `${what}: ${key}`,
    { who: key, address: '127.0.0.1', ...(separationId === undefined ? {} : { separationId }) },
  ];

  it('tells who uploaded, edited, cancelled and deleted, once each', async () => {
    const ann = api.as('key-of-ann');
    const { id } = (await ann.upload(wav({ frequency: 500, seconds: 0.2 }), { model: 'demo' })).body;
    for (const client of [ann, ann, api.as('key-of-bob')]) await client.edit(id, { tempo: 90 });
    await ann.cancel(id);
    await ann.cancel(id);
    await api.as('key-of-bob').json(`/v1/separations/${id}`, { method: 'DELETE' });
    expect((await ann.json(`/v1/separations/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect(lines).toEqual([
      line('song accepted', 'key:ann', id),
      line('separation edited', 'key:ann', id),
      line('separation cancelled', 'key:ann', id),
      line('separation deleted', 'key:ann', id),
    ]);
  });

  it('tells of a key that was refused, without the key, and not of one that is missing', async () => {
    await api.client.json('/v1/separations');
    expect(lines).toEqual([]);
    await api.as('key-of-nobody').json('/v1/separations');
    expect(lines).toEqual([line('key refused', 'address:127.0.0.1')]);
  });
});
