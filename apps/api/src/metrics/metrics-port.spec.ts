import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadApiConfig } from '@app/config';
import { Registry } from '@app/metrics';
import { freePort } from '../../../../test/support/servers/free-port.js';
import { startApi, type InProcessApi } from '../../../../test/support/service/in-process-api.js';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import { MetricsPort } from './metrics-port.js';

describe(MetricsPort.name, () => {
  let redis: RedisServer;
  let api: InProcessApi;
  let port: number;

  beforeAll(async () => {
    redis = await RedisServer.start();
    port = await freePort();
    api = await startApi(redis.url, { METRICS_PORT: String(port) });
  });

  afterAll(async () => {
    await api.close();
    await redis.close();
  });

  const call = (path: string, init?: RequestInit): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`, init);

  it('serves the metrics, and nothing else', async () => {
    const answer = await call('/metrics');
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=/);
    expect(await answer.text()).toContain('queue_reachable{service="rest-server"} 1');
    for (const [path, method] of [
      ['/', 'GET'],
      ['/v1/separations', 'GET'],
      ['/metrics', 'POST'],
    ] as const) {
      expect((await call(path, { method })).status).toBe(404);
    }
  });

  it('leaves none on the port of the API', async () => {
    expect(await api.client.json('/metrics')).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  it('does not start on a port that is in use', async () => {
    const second = new MetricsPort(new Registry(), loadApiConfig({ METRICS_PORT: String(port) }));
    await expect(second.onApplicationBootstrap()).rejects.toThrow(`METRICS_PORT ${port} cannot be used: EADDRINUSE`);
    await second.beforeApplicationShutdown();
  });
});
