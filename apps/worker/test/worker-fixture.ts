import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { CancelSignals, SeparationQueue, jobOf } from '@app/queue';
import { RedisConnections } from '@app/redis';
import { ThroughputStats, WorkerPresence } from '@app/fleet';
import { separationId } from '@app/separation-store';
import {
  findKnownModel,
  objectKeys,
  type Failure,
  type Manifest,
  type SeparationId,
  type StoredRequest,
  type StoredState,
} from '@app/separations';
import { FolderObjectStore } from '@app/storage';
import { Documents, someRequest } from '../../../test/support/separations/stored-separations.js';
import { BuiltApp } from '../../../test/support/service/built-app.js';
import { ENGINE_CACHE } from '../../../test/support/service/engine-cache.js';
import { freePort } from '../../../test/support/servers/free-port.js';
import { commandLine, processesWith } from '../../../test/support/service/process-list.js';
import { RedisServer } from '../../../test/support/servers/redis-server.js';
import { waitUntil } from '../../../test/support/wait-until.js';

export interface RunningWorker {
  readonly app: BuiltApp;
  readonly url: string;
}

/** The surroundings of a built worker: a Redis, a store and a client. The caller calls `close`. */
export class WorkerFixture {
  readonly connections: RedisConnections;
  readonly store: FolderObjectStore;
  readonly documents: Documents;
  readonly queue: SeparationQueue;
  readonly cancelSignals: CancelSignals;
  readonly presence: WorkerPresence;
  readonly throughput: ThroughputStats;
  private readonly workers: RunningWorker[] = [];

  private constructor(
    readonly folder: string,
    readonly redis: RedisServer,
  ) {
    this.connections = new RedisConnections({ url: redis.url });
    this.store = new FolderObjectStore(join(folder, 'objects'));
    this.documents = new Documents(this.store);
    this.throughput = new ThroughputStats(this.connections);
    this.presence = new WorkerPresence(this.connections);
    this.cancelSignals = new CancelSignals(this.connections);
    this.queue = new SeparationQueue(this.connections, this.throughput, this.presence);
  }

  static async open(): Promise<WorkerFixture> {
    return new WorkerFixture(await mkdtemp(join(tmpdir(), 'worker-')), await RedisServer.start());
  }

  /** Resolves when the worker is ready. */
  async startWorker(env: Readonly<Record<string, string>> = {}): Promise<RunningWorker> {
    const worker = await this.launchWorker(env);
    await waitUntil('the worker is ready', async () => (await fetch(`${worker.url}/health/ready`)).ok, {
      deadlineMs: 40_000,
    }).catch((error: unknown) => {
      throw new Error(worker.app.output, { cause: error });
    });
    return worker;
  }

  /** Does not wait until the worker is ready. */
  async launchWorker(env: Readonly<Record<string, string>>): Promise<RunningWorker> {
    const port = await freePort();
    const app = BuiltApp.start('worker', {
      DATA_DIR: this.folder,
      REDIS_URL: this.redis.url.href,
      MODEL: 'demo',
      ENGINE_PYTHON: resolve('engine', '.venv', 'bin', 'python'),
      ENGINE_CACHE_DIR: ENGINE_CACHE,
      WORKER_PORT: String(port),
      ...env,
    });
    const worker = { app, url: `http://127.0.0.1:${port}` };
    this.workers.push(worker);
    return worker;
  }

  /** Stores and queues a song, like rest-server. */
  async submit(song: string, wish: Partial<StoredRequest> = {}): Promise<SeparationId> {
    const request = await storeSong(this.store, song, wish);
    await this.queue.enqueue(jobOf(request));
    return request.id;
  }

  async manifest(id: SeparationId): Promise<Manifest | undefined> {
    return this.documents.manifest(id);
  }

  async outcome(id: SeparationId): Promise<StoredState['state'] | undefined> {
    return (await this.documents.request(id))?.outcome.state;
  }

  async untilFailed(id: SeparationId): Promise<void> {
    const hasFailed = async (): Promise<boolean> => (await this.outcome(id)) === 'failed';
    await this.explained(waitUntil('the separation fails', hasFailed, { deadlineMs: 60_000 }));
  }

  async failure(id: SeparationId): Promise<Failure | undefined> {
    const outcome = (await this.documents.request(id))?.outcome;
    return outcome?.state === 'failed' ? outcome.failure : undefined;
  }

  /** the worker with the job in its scratch folder, whose name has the pid */
  workerOf(id: SeparationId): RunningWorker {
    const folder = this.scratch().find((path) => path.includes(id)) ?? '';
    const worker = this.workers.find(({ app }) => folder.includes(`~${app.pid}~`));
    if (worker === undefined) throw new Error(`no worker runs ${id}`);
    return worker;
  }

  untilManifest(id: SeparationId, deadlineMs = 60_000): Promise<Manifest> {
    return this.explained(waitUntil('the manifest exists', () => this.manifest(id), { deadlineMs }));
  }

  async untilStage(id: SeparationId, stage: string, percent = 0): Promise<void> {
    const find = async (): Promise<boolean> => {
      const state = await this.queue.state(id);
      return state?.status === 'processing' && state.progress.stage === stage && state.progress.percent >= percent;
    };
    await this.explained(waitUntil(`the job is in ${stage}`, find, { deadlineMs: 60_000, everyMs: 10 }));
  }

  /** running engines and encoders of this fixture's workers */
  children(): string[] {
    return processesWith(this.folder)
      .map(commandLine)
      .filter((command) => /separation_engine|ffmpeg/.test(command));
  }

  /** keys of what is stored below a prefix */
  async objects(prefix: string): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of this.store.list(prefix)) keys.push(key);
    return keys;
  }

  /** everything in the scratch folders */
  scratch(): string[] {
    const path = join(this.folder, 'scratch');
    return existsSync(path) ? readdirSync(path, { recursive: true }).map(String) : [];
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map(({ app }) => app.stop(25_000)));
    await this.connections.close();
    await this.redis.close();
    const left = processesWith(this.folder).map(commandLine);
    await rm(this.folder, { recursive: true, force: true });
    if (left.length > 0) throw new Error(`still running: ${left.join('\n')}`);
  }

  private explained<T>(waiting: Promise<T>): Promise<T> {
    return waiting.catch((error: unknown) => {
      throw new Error(this.workers.map(({ app }) => app.output).join('\n'), { cause: error });
    });
  }
}

/** Stores a song and its request; every call makes a new separation. */
export async function storeSong(
  store: FolderObjectStore,
  song: string,
  wish: Partial<StoredRequest> = {},
): Promise<StoredRequest> {
  const bytes = await readFile(song);
  const identity = {
    inputSha256: createHash('sha256').update(bytes).digest('hex'),
    model: 'demo',
    weights: findKnownModel('demo')?.weights ?? '',
    stems: ['vocals', 'drums', 'bass', 'other'],
    overlap: 0.25,
    shifts: 0,
    owner: randomUUID(),
  };
  const request = someRequest({
    ...identity,
    id: separationId(identity),
    fileName: 'song',
    inputExtension: extname(song).slice(1),
    inputBytes: bytes.length,
    ...wish,
  });
  await store.put(objectKeys.input(request.id, request.inputExtension), Readable.from([bytes]));
  await new Documents(store).putRequest(request);
  return request;
}
