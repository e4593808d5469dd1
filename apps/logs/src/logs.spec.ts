import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { RedisServer } from '../../../test/support/servers/redis-server.js';
import { waitUntil } from '../../../test/support/wait-until.js';

describe('logs', () => {
  let server: RedisServer;
  let redis: Redis;
  let child: ChildProcess | undefined;

  beforeAll(async () => {
    server = await RedisServer.start();
    redis = new Redis(server.url.href);
    redis.on('error', () => undefined);
  });
  afterEach(async () => {
    await end('SIGKILL');
    await redis.flushall();
  });
  afterAll(async () => {
    redis.disconnect();
    await server.close();
  });

  /** Starts the app as a process, and returns a function for the complete lines so far. */
  function start(...flags: string[]): () => string[] {
    const script = ['--import', './scripts/support/typescript.mjs', 'apps/logs/src/main.ts', ...flags];
    const started = spawn(process.execPath, script, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, REDIS_URL: server.url.href },
    });
    child = started;
    let printed = '';
    started.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
    return () => printed.split('\n').slice(0, -1);
  }

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    if (child?.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const closed = once(child, 'close');
    child.kill(signal);
    const [code] = (await closed) as [number | null];
    return code;
  }

  async function write(message: string, fields: Record<string, string> = {}): Promise<string | null> {
    const entry = { time: '2026-01-01T00:00:00.000Z', level: 'info', service: 'rest-server', message, ...fields };
    return redis.xadd('logging', '*', ...Object.entries(entry).flat());
  }

  it('prints one line per entry: time, level, service, ids, message, entry id', async () => {
    const id = await write('song accepted', { requestId: 'req-1', separationId: 'sep_1' });
    const lines = start();
    await waitUntil('a line', () => lines().length === 1, { deadlineMs: 20_000 });
    expect(lines()[0]).toBe(`2026-01-01T00:00:00.000Z INFO  rest-server [req-1 sep_1] song accepted (${String(id)})`);
    expect(await end('SIGTERM')).toBe(0);
  });

  it('escapes text that would start a line or color the terminal', async () => {
    await write('a\r\nERROR forged \u001b[31m\u0000\u2028\u202e');
    const lines = start('--json');
    await waitUntil('a line', () => lines().length === 1, { deadlineMs: 20_000 });
    expect(lines()).toHaveLength(1);
    expect(lines()[0]).not.toMatch(/[\p{Cc}\u2028\u202e]/u);
    expect(JSON.parse(lines()[0] ?? '')).toMatchObject({ message: 'a\r\nERROR forged \u001b[31m\u0000\u2028\u202e' });
  });

  it('loses no entry when killed again and again, and repeats under the same id', async () => {
    const written: (string | null)[] = [];
    const over = new AbortController();
    // until the last kill: a reader that is slow to start would find everything, and leave nothing for the next
    const writing = (async (): Promise<void> => {
      while (!over.signal.aborted) {
        written.push(...(await Promise.all(Array.from({ length: 50 }, (_, n) => write(`line ${written.length + n}`)))));
        await pause(20);
      }
    })();
    const printed: string[] = [];
    for (let kills = 0; kills < 3; kills += 1) {
      const lines = start('--json');
      await waitUntil('lines', () => lines().length > 300, { deadlineMs: 20_000 });
      await end('SIGKILL');
      printed.push(...lines());
    }
    over.abort();
    await writing;
    const last = start('--json');
    const ids = (): Set<unknown> =>
      new Set([...printed, ...last()].map((line) => (JSON.parse(line) as { entryId: unknown }).entryId));
    await waitUntil('every entry', () => ids().size >= written.length, { deadlineMs: 20_000 });
    expect(ids()).toEqual(new Set(written));
    // a killed reader repeats at most one batch
    expect(printed.length + last().length - written.length).toBeLessThanOrEqual(3 * 200);
  });

  it('resumes after an outage of Redis, and after a wipe', async () => {
    const lines = start('--json');
    await write('before');
    await waitUntil('a line', () => lines().length === 1, { deadlineMs: 20_000 });
    await server.kill();
    await server.start();
    await waitUntil('redis', async () => (await write('after')) !== null);
    await waitUntil('the line after the outage', () => lines().some((line) => line.includes('"after"')));
    await server.wipe();
    await write('wiped');
    await waitUntil('the line after the wipe', () => lines().some((line) => line.includes('"wiped"')));
  });
});
