import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Problem } from '../../../../test/support/api-client.js';
import { keyLine, startApi, type InProcessApi } from '../../../../test/support/in-process-api.js';
import { RedisServer } from '../../../../test/support/redis-server.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { AccessGuard } from './access.guard.js';

const LIST = '/v1/separations';

describe(AccessGuard.name, () => {
  let redis: RedisServer;
  let api: InProcessApi;
  let folder: string;
  let file: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keys-'));
    file = join(folder, 'keys');
    await writeFile(file, `# people\n\n${keyLine('ann', 'key-of-ann')}`);
    redis = await RedisServer.start();
    api = await startApi(redis.url, { API_KEYS_FILE: file, RATE_LIMIT_PER_MINUTE: '20' });
  });

  afterAll(async () => {
    await api.close();
    await redis.close();
    await rm(folder, { recursive: true });
  });

  it('accepts a key in either header', async () => {
    expect((await api.as('key-of-ann').json(LIST)).status).toBe(200);
    expect((await api.client.json(LIST, { headers: { 'x-api-key': 'key-of-ann' } })).status).toBe(200);
  });

  it('refuses a missing key, and a wrong one', async () => {
    for (const client of [api.client, api.as('key-of-bob'), api.as('')]) {
      const answer = await client.json(LIST);
      expect(answer).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  it.each(['/', '/docs', '/docs-json', '/health/live', '/health/ready', '/metrics'])(
    'needs no key for %s',
    async (path) => {
      const answer = await api.client.fetch(path);
      await answer.body?.cancel();
      expect(answer.status).toBe(200);
    },
  );

  it('reloads the file when it changes, and keeps the last good keys when it is broken', async () => {
    const cem = api.as('key-of-cem');
    await writeFile(file, keyLine('ann', 'key-of-ann') + keyLine('cem', 'key-of-cem'));
    const lists = async (): Promise<boolean> => (await cem.json(LIST)).status === 200;
    await redis.wipe();
    await waitUntil('the new key to work', async () => (await lists()) || (await redis.wipe().then(() => false)));
    await writeFile(file, 'this is no key file');
    await waitForReload();
    await redis.wipe();
    expect(await lists()).toBe(true);
  });

  it('answers 429 with Retry-After above the limit, per key and address', async () => {
    await redis.wipe();
    const ann = api.as('key-of-ann');
    const answers = await Promise.all(Array.from({ length: 25 }, () => ann.json<Problem>(LIST)));
    const refused = answers.filter(({ status }) => status === 429);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(20);
    expect(refused).toHaveLength(5);
    for (const { headers, body } of refused) {
      expect(body).toMatchObject({ code: 'rate_limited', limit: 20 });
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(60);
      expect(headers.get('ratelimit-remaining')).toBe('0');
    }
    // guesses of keys are limited as well
    const guesses = await Promise.all(Array.from({ length: 25 }, (_, at) => api.as(`guess-${at}`).json(LIST)));
    expect(guesses.filter(({ status }) => status === 401)).toHaveLength(20);
    expect((await api.client.json('/health/live')).status).toBe(200);
  });

  it.each([
    ['is missing', undefined, /API_KEYS_FILE cannot be used: the file cannot be read/],
    ['has a line that is no key', 'ann:secret\n', /line 1 is not of the form name:sha256hex/],
    ['is empty', '\n', /the file has no keys/],
  ])('does not start with a file that %s', async (_, text, message) => {
    const bad = join(folder, 'bad');
    await rm(bad, { force: true });
    if (text !== undefined) await writeFile(bad, text);
    await expect(startApi(redis.url, { API_KEYS_FILE: bad })).rejects.toThrow(message);
  });

  /** a call checks the file once a second */
  async function waitForReload(): Promise<void> {
    const startedAt = performance.now();
    await waitUntil('the next check of the file', () => performance.now() - startedAt > 1100);
  }
});
