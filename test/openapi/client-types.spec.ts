import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApi, type InProcessApi } from '../support/service/in-process-api.js';
import { RedisServer } from '../support/servers/redis-server.js';
import { runTool } from './run-tool.js';

const TYPES = resolve('libs', 'client', 'src', 'api.generated.ts');

describe('the types of the client', () => {
  let redis: RedisServer;
  let api: InProcessApi;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'client-types-'));
    redis = await RedisServer.start();
    api = await startApi(redis.url);
  });

  afterAll(async () => {
    await api.close();
    await redis.close();
    await rm(folder, { recursive: true });
  });

  it('are those of the OpenAPI document; `npm run client:types` writes them', async () => {
    await writeFile(join(folder, 'api.json'), JSON.stringify((await api.client.json('/docs-json')).body));
    const generator = resolve('node_modules', 'openapi-typescript', 'bin', 'cli.js');
    const args = [generator, 'api.json', '--output', 'api.ts', '--immutable'];
    await runTool(process.execPath, args, { cwd: folder });
    const made = await readFile(join(folder, 'api.ts'), 'utf8');
    if (process.env['WRITE_CLIENT_TYPES'] !== undefined) await writeFile(TYPES, made);
    expect(await readFile(TYPES, 'utf8')).toBe(made);
  });
});
