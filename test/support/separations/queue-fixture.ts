// what the specs of this lib share: a queue of their own in a real Redis.
import { randomUUID } from 'node:crypto';
import { someId } from './stored-separations.js';
import {
  CancelSignals,
  JobEvents,
  ModelRoutes,
  type SeparationJob,
  SeparationQueue,
  SeparationWorker,
  type JobHandler,
  type WorkerOptions,
} from '@app/queue';
import { RedisKeys, RedisConnections } from '@app/redis';
import { ThroughputStats, WorkerPresence } from '@app/fleet';

/** One process's view of a queue. Several on one prefix stand for several processes. */
export class QueueFixture {
  readonly connections: RedisConnections;
  readonly speeds: ThroughputStats;
  readonly registry: WorkerPresence;
  readonly cancelSignals: CancelSignals;
  readonly queue: SeparationQueue;
  private readonly workers: SeparationWorker[] = [];
  private readonly others: QueueFixture[] = [];
  private readonly listening: JobEvents[] = [];

  constructor(
    private readonly url: URL,
    readonly prefix = `spec-${randomUUID()}`,
    readonly routes = new ModelRoutes(),
  ) {
    this.connections = new RedisConnections({ url }, new RedisKeys(prefix));
    this.speeds = new ThroughputStats(this.connections);
    this.registry = new WorkerPresence(this.connections);
    this.cancelSignals = new CancelSignals(this.connections);
    this.queue = new SeparationQueue(this.connections, this.speeds, this.registry, this.routes);
  }

  /** as another process would see the same queues, perhaps with other routes */
  other(routes = this.routes): QueueFixture {
    const other = new QueueFixture(this.url, this.prefix, routes);
    this.others.push(other);
    return other;
  }

  /** that closes with the fixture */
  events(): JobEvents {
    const events = new JobEvents(this.connections, this.routes);
    this.listening.push(events);
    return events;
  }

  async work(handler: JobHandler, options: Partial<WorkerOptions> = {}): Promise<SeparationWorker> {
    const worker = this.worker(handler, options);
    await worker.start();
    return worker;
  }

  /** one that is not started */
  worker(handler: JobHandler, options: Partial<WorkerOptions> = {}): SeparationWorker {
    const worker = new SeparationWorker(this.connections, handler, { concurrency: 1, ...options });
    this.workers.push(worker);
    return worker;
  }

  /** how often a worker has taken a job */
  async timesTaken(): Promise<number> {
    const events = await this.connections.call((redis) => redis.xrange(`${this.prefix}:toWorkers:events`, '-', '+'));
    return events.filter(([, fields]) => fields[fields.indexOf('event') + 1] === 'active').length;
  }

  async close(): Promise<void> {
    await Promise.all(this.listening.map((events) => events.close()));
    await Promise.all(this.workers.map((worker) => worker.close({ graceMs: 0 })));
    await Promise.all(this.others.map((other) => other.close()));
    await this.connections.close();
  }
}

export function someJob(change: Partial<SeparationJob> = {}): SeparationJob {
  return {
    id: someId(),
    requestId: randomUUID(),
    model: 'demo',
    durationSeconds: 60,
    createdAt: new Date().toISOString(),
    ...change,
  };
}

/** a promise and what ends it */
export function gate<T = void>(): { readonly passed: Promise<T>; readonly open: (value: T) => void } {
  let open: (value: T) => void = () => undefined;
  const passed = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

/** a handler's work that only its signal ends */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });
}
