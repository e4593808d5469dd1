import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import winston, { type Logger } from 'winston';
import { RedisServer } from '../../../test/support/servers/redis-server.js';
import { waitUntil } from '../../../test/support/wait-until.js';
import { parseLogEntry, type LogEntry } from './log-entry.js';
import { RedisStreamTransport } from './redis-stream.transport.js';
import { patient } from '../../../test/support/patience.js';

describe(RedisStreamTransport.name, () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.close());

  function start(capacity = 2000): { logger: Logger; sut: RedisStreamTransport; stream: string } {
    const stream = `logging-${randomUUID()}`;
    const sut = new RedisStreamTransport({
      redis: server,
      service: 'rest-server',
      pod: 'here',
      stream,
      capacity,
    });
    const options = { level: 'info', transports: [sut] };
    return { logger: winston.createLogger(options), sut, stream };
  }

  async function entries(stream: string): Promise<LogEntry[]> {
    const redis = new Redis(server.url.href, { retryStrategy: null });
    redis.on('error', () => undefined);
    try {
      return (await redis.xrange(stream, '-', '+')).map(([, fields]) => parseLogEntry(fields));
    } finally {
      redis.disconnect();
    }
  }

  it('sends entries from before the connection, in order, with their context and fields', async () => {
    const { logger, sut, stream } = start();
    logger.info('first', { requestId: 'r1', separationId: 's1', bytes: 3 });
    logger.error('second', { error: new Error('why') });
    await waitUntil('two entries', async () => (await entries(stream)).length === 2);
    const [first, second] = await entries(stream);
    expect(first).toMatchObject({ message: 'first', requestId: 'r1', separationId: 's1', fields: { bytes: 3 } });
    expect(first).toMatchObject({ service: 'rest-server', pod: 'here', level: 'info' });
    expect(JSON.stringify(second)).toContain('why');
    await sut.flushAndClose();
  });

  it('keeps the newest entries while Redis is unreachable, and logs how many it dropped', async () => {
    const { logger, sut, stream } = start(100);
    logger.info('before');
    await waitUntil('the first entry', async () => (await entries(stream)).length === 1);
    await server.kill();
    for (let n = 0; n < 5000; n += 1) logger.info(`line ${n}`);
    await server.start();
    await waitUntil('the last line', async () =>
      (await entries(stream)).some(({ message }) => message === 'line 4999'),
    );
    await waitUntil('the notice', async () =>
      (await entries(stream)).some(({ message }) => message.includes('dropped')),
    );
    const messages = (await entries(stream)).map(({ message }) => message);
    const lines = new Set(messages.filter((message) => message.startsWith('line')));
    const dropped = messages.flatMap((message) => /^(\d+) log entries were dropped/.exec(message)?.[1] ?? []);
    expect(lines.size + dropped.reduce((sum, count) => sum + Number(count), 0)).toBe(5000);
    expect(lines.size).toBeLessThan(200);
    await sut.flushAndClose();
  });

  it.each(['reachable', 'unreachable'])('does not keep the process alive while Redis is %s', async (state) => {
    const url = state === 'reachable' ? server.url.href : 'redis://127.0.0.1:1';
    const script = `
      import { createLogger } from '@app/logging';
      const logger = createLogger({ level: 'info', format: 'text' }, 'rest-server', { url: new URL('${url}') });
      logger.info('one line');`;
    const child = spawn(
      process.execPath,
      ['--import', './scripts/support/typescript.mjs', '--input-type=module', '-e', script],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const printed: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => printed.push(chunk));
    try {
      const [code] = (await once(child, 'exit', { signal: AbortSignal.timeout(patient(15_000)) })) as [number | null];
      expect(code).toBe(0);
    } finally {
      child.kill('SIGKILL');
    }
    expect(Buffer.concat(printed).toString()).toContain('one line');
  });
});
