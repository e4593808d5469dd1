import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadApiConfig } from '@app/config';
import { STATUSES, isTerminal, type Separation, type SeparationStatus } from '@app/separations';
import { createObjectStore } from '@app/storage';
import { ApiClient } from './api-client.js';
import { BuiltApp } from './built-app.js';
import { ENGINE_CACHE } from './engine-cache.js';
import { freePort } from '../servers/free-port.js';
import { processesWith } from './process-list.js';
import { RedisServer } from '../servers/redis-server.js';
import { s3Environment } from '../servers/s3-environment.js';
import { startS3Server, type S3Server } from '../servers/s3-server.js';
import { waitUntil } from '../wait-until.js';

export const DEMO_SONG = resolve('demo', 'demo-song.mp3');

const READY_MS = 60_000;

interface RunningServer {
  readonly app: BuiltApp;
  readonly port: number;
}

export interface TestServiceOptions {
  /** `mortal s3` is never a given server: it may be killed and frozen */
  readonly driver?: 'folder' | 's3' | 'mortal s3';
  readonly env?: Readonly<Record<string, string>>;
}

/** The built service as processes: its own Redis, its own store, as many servers as a spec starts. Call `close` at the end. */
export class TestService {
  readonly apis: RunningServer[] = [];
  readonly workers: RunningServer[] = [];

  private constructor(
    readonly folder: string,
    readonly redis: RedisServer,
    readonly s3: S3Server | undefined,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  static async prepare({ driver = 'folder', env = {} }: TestServiceOptions = {}): Promise<TestService> {
    const folder = await mkdtemp(join(tmpdir(), 'service-'));
    const redis = await RedisServer.start();
    const s3 = driver === 'folder' ? undefined : await startS3Server(undefined, { given: driver === 's3' });
    return new TestService(folder, redis, s3, env);
  }

  /** One rest-server and one worker, ready. */
  static async start(options: TestServiceOptions = {}): Promise<TestService> {
    const service = await TestService.prepare(options);
    try {
      await Promise.all([service.startApi(), service.startWorker()]);
    } catch (error) {
      await service.close();
      throw error;
    }
    return service;
  }

  get api(): ApiClient {
    return this.client(0);
  }

  get scratch(): string {
    return join(this.folder, 'scratch');
  }

  client(index: number, key?: string): ApiClient {
    const server = this.apis[index];
    if (server === undefined) throw new Error(`there is no rest-server ${index}`);
    return new ApiClient(`http://127.0.0.1:${server.port}`, key);
  }

  startApi(env: Readonly<Record<string, string>> = {}): Promise<RunningServer> {
    return this.startServer('api', 'PORT', this.apis, env);
  }

  startWorker(env: Readonly<Record<string, string>> = {}): Promise<RunningServer> {
    return this.startServer('worker', 'WORKER_PORT', this.workers, env);
  }

  /** Waits for a status; ends early with the reason when another final one is reached. */
  async waitFor(id: string, wanted: SeparationStatus, deadlineMs = 60_000): Promise<Separation> {
    const ends = [wanted, ...STATUSES.filter(isTerminal)];
    const find = async (): Promise<Separation | undefined> => {
      const { body } = await this.api.separation(id);
      return ends.includes(body.status) ? body : undefined;
    };
    const separation = await waitUntil(`${id} is ${wanted}`, find, { deadlineMs }).catch((error: unknown) => {
      throw new Error(this.output, { cause: error });
    });
    if (separation.status !== wanted) throw new Error(`${JSON.stringify(separation)}\n${this.output}`);
    return separation;
  }

  /** Keys of what is stored below a prefix, asked of the store itself. */
  async objects(prefix: string): Promise<string[]> {
    const store = createObjectStore(loadApiConfig(this.settings()).storage);
    try {
      const keys: string[] = [];
      for await (const { key } of store.list(prefix)) keys.push(key);
      return keys;
    } finally {
      await store.close();
    }
  }

  /** The value of a metric of rest-server, by its name and labels; undefined where it is not there. */
  async metric(name: string, labels: Readonly<Record<string, string>>): Promise<number | undefined> {
    const lines = (await (await this.api.fetch('/metrics')).text()).split('\n');
    const wanted = [`${name}{`, ...Object.entries(labels).map(([label, value]) => `${label}="${value}"`)];
    const line = lines.find((one) => one.startsWith(wanted[0] ?? '') && wanted.every((part) => one.includes(part)));
    return line === undefined ? undefined : Number(line.split(' ').at(-1));
  }

  /** Everything that this service started and that still runs, by process id; Redis and the S3 server left out. */
  leftovers(): number[] {
    return processesWith(this.folder);
  }

  /** what the servers printed, for the message of a failed expectation */
  get output(): string {
    return [...this.apis, ...this.workers].map(({ app }) => app.output).join('\n');
  }

  async close(): Promise<void> {
    const servers = [...this.apis, ...this.workers].map(({ app }) => app);
    const stops = await Promise.allSettled(servers.map((app) => app.stop()));
    await this.redis.close();
    await this.s3?.stop();
    const left = await waitUntil('nothing is left running', () => this.leftovers().length === 0, { deadlineMs: 5000 })
      .then(() => [])
      .catch(() => this.leftovers());
    await rm(this.folder, { recursive: true, force: true });
    if (left.length > 0) throw new Error(`the service left processes behind: ${left.join(', ')}`);
    const failed = stops.find((stop) => stop.status === 'rejected');
    if (failed !== undefined) throw failed.reason as Error;
  }

  private async startServer(
    name: 'api' | 'worker',
    portVariable: string,
    servers: RunningServer[],
    env: Readonly<Record<string, string>>,
  ): Promise<RunningServer> {
    const port = Number(env[portVariable] ?? (await freePort()));
    const app = BuiltApp.start(name, { ...this.settings(), ...this.env, ...env, [portVariable]: String(port) });
    const server = { app, port };
    servers.push(server);
    const ready = async (): Promise<boolean> => {
      if (!app.running) return true;
      return (await fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(2000) })).ok;
    };
    await waitUntil(`${name} is ready`, ready, { deadlineMs: READY_MS }).catch((error: unknown) => {
      throw new Error(`${name} did not become ready:\n${app.output}`, { cause: error });
    });
    if (!app.running) throw new Error(`${name} ended at its start:\n${app.output}`);
    return server;
  }

  private settings(): Record<string, string> {
    const common = {
      DATA_DIR: this.folder,
      ENGINE_CACHE_DIR: ENGINE_CACHE,
      REDIS_URL: this.redis.url.href,
      MODEL: 'demo',
      RATE_LIMIT_PER_MINUTE: '0',
      // most specs do not need it, and it takes as long as a song of theirs
      ANALYSIS: 'on-demand',
    };
    return this.s3 === undefined ? common : { ...common, ...s3Environment(this.s3.config) };
  }
}
