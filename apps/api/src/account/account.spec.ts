import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Limits, Usage } from '@app/separations';
import type { Answer, ApiClient } from '../../../../test/support/service/api-client.js';
import { keyLine, startApi, type InProcessApi } from '../../../../test/support/service/in-process-api.js';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { wav } from '../../../../test/support/songs/wav.js';
import { AccountService } from './account.service.js';

const DEMO = { model: 'demo' };
const NONE = { songs: 0, seconds: 0, bytes: 0 };

describe(AccountService.name, () => {
  let redis: RedisServer;
  let api: InProcessApi;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'account-'));
    const file = join(folder, 'keys');
    const lines = [
      keyLine('ann', 'key-of-ann', 'weight=3 expires=2999-12-31'),
      keyLine('bob', 'key-of-bob'),
      keyLine('operator', 'key-of-the-operator', 'scopes=admin'),
    ];
    await writeFile(file, lines.join(''));
    redis = await RedisServer.start();
    api = await startApi(redis.url, { API_KEYS_FILE: file, MAX_QUEUED: '7', RETENTION_HOURS: '48' });
  });

  afterAll(async () => {
    await api.close();
    await redis.close();
    await rm(folder, { recursive: true });
  });

  const limits = (client: ApiClient): Promise<Answer<Limits>> => client.json('/v1/limits');
  const usage = async (client: ApiClient): Promise<Usage['usage']> =>
    (await client.json<Usage>('/v1/usage')).body.usage;

  it('tells what a key may do and the limits for it', async () => {
    expect((await limits(api.as('key-of-ann'))).body).toEqual({
      key: { name: 'ann', scopes: ['read', 'separate', 'delete'], weight: 3, expiresAt: '3000-01-01T00:00:00.000Z' },
      uploadBytes: 512 * 1024 * 1024,
      durationSeconds: 3600,
      queuedSongs: 4,
      queuedSongsNow: 0,
      callsPerMinute: null,
      retentionHours: 48,
    });
    expect((await limits(api.client)).status).toBe(401);
  });

  it('adds up what each owner has, shows all to an administrator, and survives a wiped Redis', async () => {
    const [ann, bob, operator] = [api.as('key-of-ann'), api.as('key-of-bob'), api.as('key-of-the-operator')];
    const [short, long] = [wav({ frequency: 201, seconds: 0.5 }), wav({ frequency: 202, seconds: 2 })];
    const first = await ann.upload(short, DEMO);
    await ann.upload(long, DEMO);
    // once more: the same separation
    await ann.upload(long, DEMO);
    await bob.upload(short, DEMO);
    expect((await limits(ann)).body.queuedSongsNow).toBe(2);
    const annUses = { songs: 2, seconds: 2.5, bytes: short.length + long.length };
    const bobUses = { songs: 1, seconds: 0.5, bytes: short.length };
    const all = [
      { owner: 'ann', ...annUses, last30Days: annUses },
      { owner: 'bob', ...bobUses, last30Days: bobUses },
    ];
    expect(await usage(ann)).toEqual(all.slice(0, 1));
    expect(await usage(bob)).toEqual(all.slice(1));
    expect(await usage(operator)).toEqual(all);
    await redis.wipe();
    await waitUntil('the usage to be back', async () => (await usage(operator))[0]?.songs === 2);
    await waitUntil('all to be back', async () => (await usage(bob))[0]?.songs === 1);
    expect(await usage(operator)).toEqual(all);
    await ann.cancel(first.body.id);
    await waitUntil('it is gone', async () => {
      const { status } = await ann.fetch(`/v1/separations/${first.body.id}`, { method: 'DELETE' });
      return status === 204;
    });
    const left = { songs: 1, seconds: 2, bytes: long.length };
    expect(await usage(ann)).toEqual([{ owner: 'ann', ...left, last30Days: left }]);
  });

  it('counts old songs, but not among those of the last 30 days', async () => {
    const created = await api.as('key-of-bob').upload(wav({ frequency: 203, seconds: 1 }), DEMO);
    const [before] = await usage(api.as('key-of-bob'));
    const key = `separations/${created.body.id}/request.json`;
    const request = JSON.parse((await api.store.getText(key)) ?? '{}') as object;
    const createdAt = new Date(Date.now() - 31 * 24 * 3600 * 1000).toISOString();
    await api.store.putText(key, JSON.stringify({ ...request, createdAt }));
    await redis.wipe();
    await waitUntil(
      'the usage to be back',
      async () => (await usage(api.as('key-of-bob')))[0]?.songs === before?.songs,
    );
    const [after] = await usage(api.as('key-of-bob'));
    expect(after?.last30Days.songs).toBe((before?.songs ?? 0) - 1);
  });

  it('shows the songs without a key to those who need none', async () => {
    const open = await startApi(redis.url, { RATE_LIMIT_PER_MINUTE: '30' });
    expect((await limits(open.client)).body).toMatchObject({ key: null, callsPerMinute: 30, retentionHours: null });
    expect(await usage(open.client)).toEqual([{ owner: null, ...NONE, last30Days: NONE }]);
    await open.close();
  });
});
