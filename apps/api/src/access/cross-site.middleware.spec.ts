import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { startApi, type InProcessApi } from '../../../../test/support/in-process-api.js';
import { RedisServer } from '../../../../test/support/redis-server.js';
import { refuseCrossSite } from './cross-site.middleware.js';

const FRIEND = 'https://friend.example';
const CANCEL = '/v1/separations/sep_0123456789abcdef0123456789abcdef/cancel';

describe(refuseCrossSite.name, () => {
  let redis: RedisServer;
  let api: InProcessApi;

  beforeAll(async () => {
    redis = await RedisServer.start();
    api = await startApi(redis.url, { CORS_ORIGINS: FRIEND });
  });

  afterAll(async () => {
    await api.close();
    await redis.close();
  });

  /** fetch does not let us set the headers that a browser sets itself */
  async function statusOf(method: string, path: string, headers: Record<string, string>): Promise<number | undefined> {
    const call = request({ host: '127.0.0.1', port: api.port, method, path, headers }).end();
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
  ])('answers %s from a page that is %s, of %s, with %d', async (method, site, origin, status) => {
    const path = method === 'POST' ? CANCEL : CANCEL.replace('/cancel', '');
    expect(await statusOf(method, path, { 'sec-fetch-site': site, origin })).toBe(status);
  });
});
