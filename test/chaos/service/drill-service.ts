import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadApiConfig } from '@app/config';
import { createObjectStore, type ObjectStore } from '@app/storage';
import { ENGINE_CACHE } from '../../support/service/engine-cache.js';
import { freePorts } from '../../support/servers/free-port.js';
import { RedisServer } from '../../support/servers/redis-server.js';
import { s3Environment } from '../../support/servers/s3-environment.js';
import { startS3Server, type S3Server } from '../../support/servers/s3-server.js';
import type { StorageName } from '../drill-options.js';
import type { Random } from '../random.js';
import { DrillProcess } from './drill-process.js';
import { S3Proxy } from './s3-proxy.js';
import { canMount } from './small-disk.js';
import { TcpProxy } from './tcp-proxy.js';

export const SERVERS = ['rest-server-1', 'rest-server-2', 'worker-1', 'worker-2'] as const;
export type ServerName = (typeof SERVERS)[number];

/** A server, and its own ways to Redis and to the store: a fault on one leaves the others alone. */
export interface DrillServer {
  readonly process: DrillProcess;
  readonly redis: TcpProxy;
  readonly s3: S3Proxy | undefined;
}

/** Two rest-servers and two workers as built processes, a Redis and a store that may be killed. */
export class DrillService {
  readonly servers = new Map<ServerName, DrillServer>();
  #store: ObjectStore | undefined;

  private constructor(
    readonly folder: string,
    readonly redis: RedisServer,
    readonly s3: S3Server | undefined,
    /** whether some servers have a disk that can be filled */
    readonly smallDisks: boolean,
  ) {}

  static async prepare(storage: StorageName, random: Random, owners: readonly string[]): Promise<DrillService> {
    const folder = await mkdtemp(join(tmpdir(), 'drill-'));
    await mkdir(join(folder, 'data'));
    const keys = owners.map((owner) => `${owner}:${createHash('sha256').update(keyOf(owner)).digest('hex')}\n`);
    await writeFile(join(folder, 'keys'), keys.join(''), { mode: 0o600 });
    const [redis, s3] = await Promise.all([
      RedisServer.start(),
      storage === 's3' ? startS3Server(undefined, { given: false }) : undefined,
    ]);
    const service = new DrillService(folder, redis, s3, canMount());
    const ports = await freePorts(SERVERS.length);
    for (const [index, name] of SERVERS.entries()) {
      await service.#prepareServer(name, ports[index] ?? 0, random.fork(name));
    }
    return service;
  }

  server(name: ServerName): DrillServer {
    const server = this.servers.get(name);
    if (server === undefined) throw new Error(`there is no ${name}`);
    return server;
  }

  get processes(): DrillProcess[] {
    return [...this.servers.values()].map(({ process }) => process);
  }

  get apis(): DrillProcess[] {
    return this.processes.filter(({ name }) => name.startsWith('rest-server'));
  }

  get dataFolder(): string {
    return join(this.folder, 'data');
  }

  /** the store itself, past every proxy */
  get store(): ObjectStore {
    const { driver } = { driver: this.s3 === undefined ? 'folder' : 's3' };
    const settings = this.s3 === undefined ? { STORAGE: driver } : s3Environment(this.s3.config);
    return (this.#store ??= createObjectStore(loadApiConfig({ DATA_DIR: this.dataFolder, ...settings }).storage));
  }

  async start(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.start()));
    await this.untilReady();
  }

  async untilReady(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.untilReady()));
  }

  /** Ends every fault of the wires. */
  heal(): void {
    for (const { redis, s3, process } of this.servers.values()) {
      redis.pass();
      s3?.pass();
      process.thaw();
    }
  }

  /** Cuts the connections to Redis once: each rest-server looks through the store when it is connected again. */
  async reconnect(): Promise<void> {
    for (const { redis } of this.servers.values()) redis.cut();
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const { redis } of this.servers.values()) redis.pass();
  }

  /** Stops the servers. @returns what was wrong with their end */
  async stop(): Promise<string[]> {
    const stops = await Promise.allSettled(
      this.processes.map(async (process) => ({ name: process.name, code: await process.stop() })),
    );
    return stops.flatMap((stop) => {
      if (stop.status === 'rejected') return [String(stop.reason)];
      return stop.value.code === 0 ? [] : [`${stop.value.name} ended with ${stop.value.code} after SIGTERM`];
    });
  }

  /** Ends what is left of the drill itself. @param keepFolder its logs and objects stay */
  async close(keepFolder: boolean): Promise<void> {
    await Promise.all(this.processes.map((process) => process.kill()));
    await this.#store?.close();
    for (const { redis, s3 } of this.servers.values()) await Promise.all([redis.close(), s3?.close()]);
    await this.redis.close();
    await this.s3?.stop();
    if (!keepFolder) await rm(this.folder, { recursive: true, force: true });
  }

  async #prepareServer(name: ServerName, port: number, random: Random): Promise<void> {
    const redis = await TcpProxy.start(this.redis.port);
    const s3 = this.s3 && (await S3Proxy.start(this.s3.config.endpoint, random));
    const folder = join(this.folder, name);
    await mkdir(folder);
    const env = {
      DATA_DIR: this.dataFolder,
      ENGINE_CACHE_DIR: ENGINE_CACHE,
      REDIS_URL: `redis://127.0.0.1:${redis.port}`,
      MODEL: 'demo',
      RATE_LIMIT_PER_MINUTE: '0',
      API_KEYS_FILE: join(this.folder, 'keys'),
      // one worker of each kind: prefetching it may get a song twice, without it songs wait for the other
      WORKER_PREFETCH: name === 'worker-1' ? '1' : '0',
      ...(this.s3 && s3 ? s3Environment({ ...this.s3.config, endpoint: s3.url }) : {}),
    };
    const app = name.startsWith('rest-server') ? 'api' : 'worker';
    // the others keep their files on a disk that outlives them, as a killed server without a container does
    const smallDisk = this.smallDisks && name.endsWith('1');
    this.servers.set(name, { process: new DrillProcess({ name, app, port, env, folder, smallDisk }), redis, s3 });
  }
}

/** the access key of an owner */
export function keyOf(owner: string): string {
  return `${owner}-drill-key`;
}
