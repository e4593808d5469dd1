// rest-server within the spec's own process, on a free port, with a folder as its store.
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { loadApiConfig } from '@app/config';
import { createLogger } from '@app/logging';
import { RedisConnections } from '@app/redis';
import { ObjectStore } from '@app/storage';
import { createApp } from '../../../apps/api/src/create-app.js';
import { ApiClient } from './api-client.js';

export interface InProcessApi {
  readonly app: NestExpressApplication;
  readonly port: number;
  readonly client: ApiClient;
  readonly store: ObjectStore;
  /** with one of the keys that `keysFile` wrote */
  as(key: string): ApiClient;
  /** keys of everything in the store */
  objects(prefix?: string): Promise<string[]>;
  close(): Promise<void>;
}

export async function startApi(redisUrl: URL, env: Readonly<Record<string, string>> = {}): Promise<InProcessApi> {
  const folder = await mkdtemp(join(tmpdir(), 'api-'));
  const config = loadApiConfig({
    DATA_DIR: folder,
    REDIS_URL: redisUrl.href,
    PORT: '0',
    LOG_LEVEL: 'error',
    RATE_LIMIT_PER_MINUTE: '0',
    ENGINE_PYTHON: resolve('engine', '.venv', 'bin', 'python'),
    ...env,
  });
  await forgetStore(redisUrl);
  const app = await createApp(config, createLogger(config.logging, 'rest-server')).catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true });
    throw error;
  });
  const server = app.getHttpServer();
  await app.listen(0, '127.0.0.1');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const store = app.get(ObjectStore);
  return {
    app,
    port,
    store,
    client: new ApiClient(url),
    as: (key) => new ApiClient(url, key),
    objects: async (prefix = '') => {
      const keys: string[] = [];
      for await (const { key } of store.list(prefix)) keys.push(key);
      return keys;
    },
    close: async () => {
      server.closeAllConnections();
      await app.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The folder is a new one, whatever another spec had with this Redis. */
async function forgetStore(url: URL): Promise<void> {
  const connections = new RedisConnections({ url });
  await connections.call((redis) => redis.del(connections.keys.store));
  await connections.close();
}

/** A line of API_KEYS_FILE. @param options such as `weight=2` */
export function keyLine(name: string, key: string, options = ''): string {
  return `${`${name}:${createHash('sha256').update(key).digest('hex')} ${options}`.trim()}\n`;
}
