import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApi, type InProcessApi } from '../../../../test/support/service/in-process-api.js';
import { rawCall, type RawAnswer } from '../../../../test/support/service/raw-call.js';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import { refuseOtherMethods } from './other-methods.middleware.js';

const ID = 'sep_0123456789abcdef0123456789abcdef';
const READ = 'GET, HEAD, OPTIONS';

describe(refuseOtherMethods.name, () => {
  let redis: RedisServer;
  let api: InProcessApi;

  beforeAll(async () => {
    redis = await RedisServer.start();
    api = await startApi(redis.url);
  });

  afterAll(async () => {
    await api.close();
    await redis.close();
  });

  const call = (method: string, path: string): Promise<RawAnswer> =>
    rawCall(api.port, `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);

  it.each([
    ['/', READ],
    ['/docs', READ],
    ['/docs-json', READ],
    ['/metrics', READ],
    ['/health/ready', READ],
    ['/v1/models', READ],
    ['/v1/separations', 'GET, HEAD, OPTIONS, POST'],
    [`/v1/separations/${ID}`, 'DELETE, GET, HEAD, OPTIONS, PATCH'],
    [`/v1/separations/${ID}/cancel`, 'OPTIONS, POST'],
    [`/v1/separations/${ID}/events`, READ],
    [`/v1/separations/${ID}/stems/vocals.flac`, READ],
    [`/v1/separations/${ID}/archive.zip`, READ],
  ])('names the methods of %s', async (path, allow) => {
    const others = ['TRACE', 'PUT', 'PATCH', 'DELETE', 'POST', 'GET', 'PROPFIND'].filter((one) => !allow.includes(one));
    expect(others).toContain('TRACE');
    for (const method of others) {
      const { status, headers, body } = await call(method, path);
      expect({ method, status, allow: headers['allow'] }).toEqual({ method, status: 405, allow });
      expect(JSON.parse(body)).toMatchObject({ code: 'method_not_allowed', requestId: headers['x-request-id'] });
    }
    const { status, headers, body } = await call('OPTIONS', path);
    expect([status, headers['allow'], body]).toEqual([204, allow, '']);
  });

  it.each(['TRACE', 'PUT', 'OPTIONS'])('answers 404 to %s of an unknown path', async (method) => {
    const { status, headers } = await call(method, '/v1/nothing');
    expect([status, headers['allow']]).toEqual([404, undefined]);
  });

  it('leaves what the routes answer as it is', async () => {
    expect(await call('HEAD', '/v1/models')).toMatchObject({ status: 200, body: '' });
    expect((await call('HEAD', `/v1/separations/${ID}/cancel`)).status).toBe(405);
    expect((await call('GET', '/v1/separations/%ff')).status).toBe(400);
    expect((await call('DELETE', `/v1/separations/${ID}`)).status).toBe(404);
  });
});
