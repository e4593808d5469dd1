import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyLine, startApi, type InProcessApi } from '../../../../test/support/service/in-process-api.js';
import { rawCall } from '../../../../test/support/service/raw-call.js';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
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
    ['notlocalhost', 403],
    ['x[::1', 403],
    ['music.lan', 403],
  ])('answers a server on loopback that is called %s with %d', async (host, status) => {
    expect(await statusOf('GET', '/v1/separations', { host })).toBe(status);
  });

  describe('on every address, without keys', () => {
    let open: InProcessApi;

    beforeAll(async () => {
      open = await startApi(redis.url, { HOST: '0.0.0.0', ALLOWED_HOSTS: 'music.example, *.club.example' });
    });

    afterAll(() => open.close());

    it.each([
      ['192.168.0.9:3000', 200],
      ['[fd00::9]:3000', 200],
      ['localhost:3000', 200],
      ['nas', 200],
      ['NAS.local:3000', 200],
      ['nas.local.', 200],
      ['nas.lan', 200],
      ['nas.home.arpa', 200],
      ['rest-server.music.svc.cluster.local', 200],
      [hostname(), 200],
      ['music.example:3000', 200],
      ['jazz.club.example', 200],
      ['rebound.example', 403],
      ['192.168.0.9.rebound.example:3000', 403],
      ['nas.local.rebound.example', 403],
      ['notlocal.example', 403],
      ['sub.music.example', 403],
    ])('answers to %s with %d', async (host, status) => {
      expect(await statusOf('GET', '/v1/separations', { host }, open)).toBe(status);
      expect(await statusOf('GET', '/', { host }, open)).toBe(status);
    });

    it('names the variable that would allow a name', async () => {
      const { body } = await rawCall(open.port, 'GET / HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n');
      expect(JSON.parse(body)).toMatchObject({
        code: 'forbidden',
        detail:
          'This server does not answer to "rebound.example". Call it by its address, or add the name to ALLOWED_HOSTS.',
      });
    });
  });

  it('refuses names that are not listed behind a proxy, and tells where to list them', async () => {
    const proxied = await startApi(redis.url, { TRUSTED_PROXIES: '1' });
    try {
      const call = (host: string): ReturnType<typeof rawCall> =>
        rawCall(proxied.port, `GET /v1/models HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      const refused = await call('rebound.example');
      expect([refused.status, refused.body]).toEqual([403, expect.stringContaining('add the name to ALLOWED_HOSTS.')]);
      expect(await call('127.0.0.1')).toMatchObject({ status: 200 });
    } finally {
      await proxied.close();
    }
  });

  it.each([
    ['127.0.0.1', 403],
    ['[::1]', 403],
    ['0.0.0.0', 200],
  ])('answers a container that is published on %s and called nas.lan with %d', async (bind, status) => {
    const container = await startApi(redis.url, { HOST: '0.0.0.0', BIND: bind });
    try {
      const statuses = ['nas.lan', 'nas'].map((host) => statusOf('GET', '/v1/models', { host }, container));
      expect(await Promise.all(statuses)).toEqual([status, status]);
      expect(await statusOf('GET', '/v1/models', { host: 'localhost:3000' }, container)).toBe(200);
    } finally {
      await container.close();
    }
  });

  it('trusts no name that the caller could forge, behind a proxy whose names are listed', async () => {
    const proxied = await startApi(redis.url, { TRUSTED_PROXIES: '1', ALLOWED_HOSTS: 'music.example' });
    const called = (host: string): Promise<number | undefined> =>
      statusOf('GET', '/v1/models', { host, 'x-forwarded-host': 'music.example' }, proxied);
    try {
      expect([await called('music.example'), await called('rebound.example')]).toEqual([200, 403]);
    } finally {
      await proxied.close();
    }
  });

  it.each([
    ['POST', 'cross-site', 'https://stranger.example', 403],
    ['POST', 'cross-site', FRIEND, 404],
    ['POST', 'same-site', 'http://localhost:8080', 403],
    ['POST', 'same-site', FRIEND, 404],
    ['POST', 'same-origin', 'http://localhost:3000', 404],
    ['POST', 'same-origin', 'https://name.behind.a.proxy', 404],
    ['POST', 'none', 'http://localhost:3000', 404],
    ['POST', 'unheard-of', 'http://localhost:3000', 403],
    ['DELETE', 'cross-site', 'https://stranger.example', 403],
    ['GET', 'cross-site', 'https://stranger.example', 404],
    ['HEAD', 'cross-site', 'https://stranger.example', 404],
  ])('answers %s from a page that is %s, of %s, with %d', async (method, site, origin, status) => {
    const path = method === 'POST' ? CANCEL : CANCEL.replace('/cancel', '');
    expect(await statusOf(method, path, { 'sec-fetch-site': site, origin })).toBe(status);
  });

  it.each<[what: string, headers: Record<string, string>, status: number]>([
    ['a program', {}, 404],
    ['a page of this server', { 'sec-fetch-site': 'same-origin' }, 404],
    ['a page that may', { 'sec-fetch-site': 'cross-site', origin: FRIEND }, 404],
    ['a link in a mail', { 'sec-fetch-site': 'none' }, 403],
    ['a page of a neighbor', { 'sec-fetch-site': 'same-site' }, 403],
    ['a prefetch', { 'sec-fetch-site': 'same-origin', 'sec-purpose': 'prefetch' }, 403],
    ['a prerender', { 'sec-fetch-site': 'same-origin', 'sec-purpose': 'prefetch;prerender' }, 403],
    ['a prefetch of an older browser', { purpose: 'prefetch' }, 403],
  ])('answers %s that removes a track by GET', async (_, headers, status) => {
    for (const path of ['/apiv1/remove/0/bass', '/APIV1/Remove/0/bass']) {
      expect(await statusOf('GET', path, headers)).toBe(status);
    }
  });

  it('refuses a form of a page that hides its origin', async () => {
    expect(await statusOf('POST', CANCEL, { 'sec-fetch-site': 'cross-site' })).toBe(403);
  });

  it.each([
    ['https://evil.example', '192.168.0.9:3000', 403],
    ['null', '192.168.0.9:3000', 403],
    ['http://192.168.0.9:8080', '192.168.0.9:3000', 403],
    ['http://192.168.0.9', '192.168.0.9:3000', 403],
    ['http://192.168.0.9:3000.evil.example', '192.168.0.9:3000', 403],
    ['not an origin', '192.168.0.9:3000', 403],
    [FRIEND, '192.168.0.9:3000', 404],
    ['http://192.168.0.9:3000', '192.168.0.9:3000', 404],
    ['http://192.168.0.9', '192.168.0.9:80', 404],
    ['http://LOCALHOST:3000', 'localhost:3000', 404],
    ['http://[::1]:3000', '[0:0:0:0:0:0:0:1]:3000', 404],
  ])('without Sec-Fetch-Site, answers a page of %s that calls %s with %d', async (origin, host, status) => {
    expect(await statusOf('POST', CANCEL, { origin, host })).toBe(status);
    expect(await statusOf('DELETE', CANCEL.replace('/cancel', ''), { origin, host })).toBe(status);
    expect(await statusOf('GET', CANCEL.replace('/cancel', ''), { origin, host })).toBe(404);
  });

  it('takes an upload of another origin for what it is, before it reads the song', async () => {
    const headers = { origin: 'https://evil.example', 'content-type': 'multipart/form-data; boundary=x' };
    expect(await statusOf('POST', '/v1/separations', headers)).toBe(403);
  });

  it('compares the origin with the host name that a trusted proxy passes on', async () => {
    const other = await startApi(redis.url, { TRUSTED_PROXIES: '1', ALLOWED_HOSTS: 'rest-server' });
    const proxied = (origin: string): Promise<number | undefined> =>
      statusOf('POST', CANCEL, { origin, host: 'rest-server:3000', 'x-forwarded-host': 'music.lan' }, other);
    try {
      expect([await proxied('http://music.lan'), await proxied('http://evil.lan')]).toEqual([404, 403]);
    } finally {
      await other.close();
    }
  });

  it.each([
    ['a request of HTTP/1.0 without Host', 'HTTP/1.0\r\n'],
    ['an empty Host', 'HTTP/1.1\r\nHost:\r\nConnection: close\r\n'],
    ['an empty Host of HTTP/1.0', 'HTTP/1.0\r\nHost: \r\n'],
    ['two Hosts', 'HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n'],
  ])('answers %s with 400', async (_, rest) => {
    for (const call of ['GET /v1/models', 'GET /', `POST ${CANCEL}`]) {
      const { status, headers, body } = await rawCall(api.port, `${call} ${rest}\r\n`);
      expect([status, headers['content-type']]).toEqual([400, 'application/problem+json; charset=utf-8']);
      expect(JSON.parse(body)).toMatchObject({ code: 'invalid_request' });
    }
  });

  it('needs no Host where any name is accepted', async () => {
    const other = await startApi(redis.url, { HOST: '0.0.0.0', ALLOWED_HOSTS: '*' });
    try {
      expect(await rawCall(other.port, 'GET /v1/models HTTP/1.0\r\n\r\n')).toMatchObject({ status: 200 });
      const write = `POST ${CANCEL} HTTP/1.0\r\nContent-Length: 0\r\nOrigin: https://evil.example\r\n\r\n`;
      expect(await rawCall(other.port, write)).toMatchObject({ status: 403 });
    } finally {
      await other.close();
    }
  });

  it.each([
    ['behind a proxy, if all are allowed', 200, () => ({ TRUSTED_PROXIES: '1', ALLOWED_HOSTS: '*' })],
    ['if all are allowed', 200, () => ({ HOST: '0.0.0.0', ALLOWED_HOSTS: '*' })],
    ['with API keys', 401, () => ({ API_KEYS_FILE: join(folder, 'keys'), ALLOWED_HOSTS: 'music.lan' })],
  ])('accepts any host name %s', async (_, status, environment: () => Record<string, string>) => {
    const other = await startApi(redis.url, environment());
    try {
      expect(await statusOf('GET', '/v1/separations', { host: 'music.example' }, other)).toBe(status);
    } finally {
      await other.close();
    }
  });
});
