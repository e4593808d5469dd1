import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyLine, startApi, type InProcessApi } from '../../../../test/support/in-process-api.js';
import { RedisServer } from '../../../../test/support/redis-server.js';
import { refuseCrossSite } from './cross-site.middleware.js';

const FRIEND = 'https://friend.example';
const CANCEL = '/v1/separations/sep_0123456789abcdef0123456789abcdef/cancel';

describe(refuseCrossSite.name, () => {
  let redis: RedisServer;
  let api: InProcessApi;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keys-'));
    await writeFile(join(folder, 'keys'), keyLine('ann', 'key-of-ann'));
    redis = await RedisServer.start();
    api = await startApi(redis.url, { CORS_ORIGINS: FRIEND });
  });

  afterAll(async () => {
    await api.close();
    await redis.close();
    await rm(folder, { recursive: true });
  });

  /** fetch does not let us set the headers that a browser sets itself */
  async function statusOf(
    method: string,
    path: string,
    headers: Record<string, string>,
    { port } = api,
  ): Promise<number | undefined> {
    const call = request({ host: '127.0.0.1', port, method, path, headers }).end();
    const [answer] = (await once(call, 'response')) as [IncomingMessage];
    answer.resume();
    await once(answer, 'end');
    return answer.statusCode;
  }

  it.each([
    ['localhost', 200],
    ['localhost:3000', 200],
    ['music.localhost', 200],
    ['127.0.0.1:3000', 200],
    ['[::1]:3000', 200],
    ['rebound.example', 403],
    ['localhost.rebound.example:3000', 403],
  ])('answers a server on loopback that is called %s with %d', async (host, status) => {
    expect(await statusOf('GET', '/v1/separations', { host })).toBe(status);
  });

  it.each([
    ['POST', 'cross-site', 'https://stranger.example', 403],
    ['POST', 'cross-site', FRIEND, 404],
    ['POST', 'same-origin', 'http://localhost:3000', 404],
    ['DELETE', 'cross-site', 'https://stranger.example', 403],
    ['GET', 'cross-site', 'https://stranger.example', 404],
    ['HEAD', 'cross-site', 'https://stranger.example', 404],
  ])('answers %s from a page that is %s, of %s, with %d', async (method, site, origin, status) => {
    const path = method === 'POST' ? CANCEL : CANCEL.replace('/cancel', '');
    expect(await statusOf(method, path, { 'sec-fetch-site': site, origin })).toBe(status);
  });

  it('refuses a form of a page that hides its origin', async () => {
    expect(await statusOf('POST', CANCEL, { 'sec-fetch-site': 'cross-site' })).toBe(403);
  });

  it.each([
    ['behind a proxy', 200, () => ({ TRUSTED_PROXIES: '1' })],
    ['on every address', 200, () => ({ HOST: '0.0.0.0' })],
    ['with API keys', 401, () => ({ API_KEYS_FILE: join(folder, 'keys') })],
  ])('accepts any host name %s', async (_, status, environment: () => Record<string, string>) => {
    const other = await startApi(redis.url, environment());
    try {
      expect(await statusOf('GET', '/v1/separations', { host: 'music.example' }, other)).toBe(status);
    } finally {
      await other.close();
    }
  });
});
