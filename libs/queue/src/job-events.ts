import { isSeparationId, type SeparationId } from '@app/separations';
import { QueueEvents, type QueueEventsListener } from 'bullmq';
import { withTimeout } from '@app/concurrency';
import { QUEUE_NAME, type RedisConnections } from '@app/redis';
import { ChangeSignal, type JobChange } from './change-signal.js';
import { ModelRoutes } from './model-routes.js';

const CLOSE_MS = 1000;
/** as BullMQ keeps */
export const EVENTS_KEPT = 10_000;

/** BullMQ's events, the one of `PreviewBoard`, and our own */
interface Events extends QueueEventsListener {
  preview: (args: { jobId: string }, id: string) => void;
  edited: (args: { jobId: string }, id: string) => void;
}

const EVENTS = {
  waiting: 'change',
  active: 'change',
  progress: 'change',
  delayed: 'change',
  completed: 'end',
  failed: 'end',
  removed: 'end',
  preview: 'change',
  edited: 'change',
} as const satisfies Partial<Record<keyof Events, JobChange>>;

/** Reports job changes: one reader of each queue's events per process, fanned out by id. */
export class JobEvents {
  private readonly wakeups = new Map<string, Set<ChangeSignal>>();
  private readonly endListeners: ((id: SeparationId) => void)[] = [];
  private readonly readers: QueueEvents[] = [];
  private starting: Promise<void> | undefined;
  private closed = false;

  constructor(
    private readonly connections: RedisConnections,
    private readonly routes = new ModelRoutes(),
  ) {}

  /**
   * Yields after each change of the job, a burst as one, and ends when the signal aborts or the app closes.
   * It also yields when Redis comes back: changes may have been missed, so read the state again.
   */
  changes(id: SeparationId, signal: AbortSignal): AsyncIterable<JobChange> {
    const wakeup = new ChangeSignal();
    // registered now and not at the first `next`: changes in between count
    if (this.closed || signal.aborted) wakeup.end();
    else this.add(id, wakeup);
    signal.addEventListener(
      'abort',
      () => {
        this.drop(id, wakeup);
      },
      { once: true },
    );
    this.starting ??= this.start();
    return wakeup;
  }

  /** Calls the listener when the job of any separation has ended, unless Redis was away then. It must not throw. */
  onEnd(listener: (id: SeparationId) => void): void {
    this.endListeners.push(listener);
    this.starting ??= this.start();
  }

  /** Tells every process that follows the separation to look again. @throws RedisUnavailableError */
  async tellEdited(id: SeparationId): Promise<void> {
    const events = this.connections.keys.queue().state('events');
    const event = ['event', 'edited', 'jobId', id] as const;
    await this.connections.call((redis) => redis.xadd(events, 'MAXLEN', '~', EVENTS_KEPT, '*', ...event));
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const wakeup of this.all()) wakeup.end();
    this.wakeups.clear();
    // both wait for Redis, forever while it is down; closing the connections ends them
    await withTimeout(CLOSE_MS, () => this.closeReader()).catch(() => undefined);
  }

  async onModuleDestroy(): Promise<void> {
    await this.close();
  }

  private async closeReader(): Promise<void> {
    await this.starting;
    await Promise.all(this.readers.map((reader) => reader.close()));
  }

  private async start(): Promise<void> {
    const { keys } = this.connections;
    // `toWorkers` also has the events that are not BullMQ's; of pools that went, songs may still run
    const earlier = await this.connections.call((redis) => redis.smembers(keys.queues)).catch(() => []);
    const queues = new Set([QUEUE_NAME, ...this.routes.queues, ...earlier]);
    await Promise.all([...queues].map((name) => this.read(name)));
  }

  private async read(queue: string): Promise<void> {
    const connection = this.connections.forSubscriber();
    const events = this.connections.keys.queue(queue).state('events');
    let reader: QueueEvents;
    try {
      // from the newest event's id: `$` would miss events before the first read arrives
      const [newest] = await connection.xrevrange(events, '+', '-', 'COUNT', 1);
      if (this.closed) return;
      const { prefix } = this.connections.keys;
      reader = new QueueEvents(queue, { connection, prefix, lastEventId: newest?.[0] ?? '0-0' });
    } catch {
      // the connection was closed before Redis answered
      return;
    }
    this.readers.push(reader);
    reader.on('error', () => undefined);
    for (const [event, change] of Object.entries(EVENTS) as [keyof typeof EVENTS, JobChange][]) {
      reader.on<Events>(event, ({ jobId }: { jobId: string }) => {
        if (change === 'end' && isSeparationId(jobId)) for (const listener of this.endListeners) listener(jobId);
        this.wakeups.get(jobId)?.forEach((wakeup) => {
          wakeup.wake(change);
        });
      });
    }
    const wakeAll = (): void => {
      for (const wakeup of this.all()) wakeup.wake('change');
    };
    connection.on('ready', wakeAll);
    wakeAll();
  }

  private all(): ChangeSignal[] {
    return [...this.wakeups.values()].flatMap((ofOne) => [...ofOne]);
  }

  private add(id: SeparationId, wakeup: ChangeSignal): void {
    const ofOne = this.wakeups.get(id) ?? new Set();
    this.wakeups.set(id, ofOne.add(wakeup));
  }

  private drop(id: SeparationId, wakeup: ChangeSignal): void {
    wakeup.end();
    const ofOne = this.wakeups.get(id);
    ofOne?.delete(wakeup);
    if (ofOne?.size === 0) this.wakeups.delete(id);
  }
}
