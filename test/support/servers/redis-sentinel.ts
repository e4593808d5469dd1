// a real sentinel, which watches a primary and replaces it within a second
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { waitUntil } from '../wait-until.js';
import { freePort } from './free-port.js';
import { redisBinary, type RedisServer } from './redis-server.js';

const DOWN_AFTER_MS = 500;

/** Call `close` at the end. */
export class RedisSentinel {
  private constructor(
    readonly port: number,
    readonly master: string,
    private readonly folder: string,
    private readonly child: ChildProcess,
  ) {}

  /** Resolves when it knows the primary and its replicas. */
  static async watch(master: string, primary: RedisServer, replicas: number): Promise<RedisSentinel> {
    const folder = await mkdtemp(join(tmpdir(), 'sentinel-'));
    const port = await freePort();
    const file = join(folder, 'sentinel.conf');
    const lines = [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${folder}`,
      `sentinel monitor ${master} 127.0.0.1 ${primary.port} 1`,
      `sentinel down-after-milliseconds ${master} ${DOWN_AFTER_MS}`,
      `sentinel failover-timeout ${master} 3000`,
    ];
    await writeFile(file, `${lines.join('\n')}\n`);
    const child = spawn(redisBinary(), [file, '--sentinel'], { stdio: 'ignore' });
    const sentinel = new RedisSentinel(port, master, folder, child);
    await waitUntil('the sentinel to know the replicas', () => sentinel.knows(replicas));
    return sentinel;
  }

  async close(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, 'exit');
      this.child.kill('SIGKILL');
      await ended;
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  private async knows(replicas: number): Promise<boolean> {
    const redis = new Redis({ port: this.port, lazyConnect: true, retryStrategy: null, maxRetriesPerRequest: 0 });
    redis.on('error', () => undefined);
    try {
      await redis.connect();
      const found = (await redis.call('SENTINEL', 'REPLICAS', this.master)) as unknown[];
      return found.length === replicas;
    } finally {
      redis.disconnect();
    }
  }
}
