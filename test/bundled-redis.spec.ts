import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';

/** prints the address and the arguments of the server, and stops it on SIGTERM */
const RUN = `
  import { startRedis } from './scripts/service/redis.mjs';
  const { url, child } = await startRedis(process.argv[1]);
  process.on('SIGTERM', () => void child.stop(5000));
  console.log(JSON.stringify({ url, args: child.process.spawnargs }));
`;

const MAKE_PRIVATE = `
  import { privateFolder } from './scripts/service/private-folder.mjs';
  privateFolder(process.argv[1]);
`;

const script = (source: string, folder: string): string[] => ['--input-type=module', '-e', source, folder];

describe('the Redis of npm start', () => {
  let folder: string;
  let runner: ChildProcess;
  let redis: { readonly url: string; readonly args: readonly string[] };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bundled-'));
    // as earlier versions left it
    await mkdir(join(folder, 'redis'));
    await chmod(join(folder, 'redis'), 0o755);
    runner = spawn(process.execPath, script(RUN, folder), { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface(runner.stdout as NodeJS.ReadableStream), 'line')) as [string];
    redis = JSON.parse(line) as typeof redis;
  });

  afterAll(async () => {
    const ended = once(runner, 'exit');
    runner.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true });
  });

  const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);

  async function ask(url: string): Promise<string> {
    const client = new Redis(url, { lazyConnect: true, retryStrategy: null, maxRetriesPerRequest: 0 });
    client.on('error', () => undefined);
    try {
      return await client.ping();
    } finally {
      client.disconnect();
    }
  }

  it('answers to who knows its password, and to nobody else', async () => {
    expect(await ask(redis.url)).toBe('PONG');
    const { port, password } = new URL(redis.url);
    expect(password.length).toBeGreaterThanOrEqual(32);
    await expect(ask(`redis://127.0.0.1:${port}`)).rejects.toThrow(/NOAUTH/);
  });

  it('hides the password from other users', async () => {
    const { password } = new URL(redis.url);
    expect(redis.args.join(' ')).not.toContain(password);
    expect(await readFile(join(folder, 'redis.conf'), 'utf8')).toContain(password);
    expect(await modeOf(join(folder, 'redis.conf'))).toBe('600');
    expect(await modeOf(join(folder, 'redis'))).toBe('750');
  });

  it.each([
    ['creates a folder', undefined, '700'],
    ['takes one', 0o755, '750'],
    ['leaves a private one', 0o710, '710'],
  ])('%s that others cannot read', async (_, before, after) => {
    const path = join(folder, `data-${after}`);
    if (before !== undefined) {
      await mkdir(path);
      await chmod(path, before);
    }
    execFileSync(process.execPath, script(MAKE_PRIVATE, path));
    expect(await modeOf(path)).toBe(after);
  });
});
