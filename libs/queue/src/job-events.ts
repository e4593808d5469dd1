import type { SeparationId } from '@app/separations';
import { QueueEvents, type QueueEventsListener } from 'bullmq';
import { withTimeout } from '@app/concurrency';
import { QUEUE_NAME, type RedisConnections } from '@app/redis';
import { ChangeSignal, type JobChange } from './change-signal.js';

const CLOSE_MS = 1000;

const EVENTS = {
  waiting: 'change',
  active: 'change',
  progress: 'change',
  delayed: 'change',
  completed: 'end',
  failed: 'end',
  removed: 'end',
} as const satisfies Partial<Record<keyof QueueEventsListener, JobChange>>;

/** Tells when a job changed: one reader of the queue's events for each process, fanned out by id. */
export class JobEvents {
  private readonly wakeups = new Map<string, Set<ChangeSignal>>();
  private reader: QueueEvents | undefined;
  private starting: Promise<void> | undefined;
  private closed = false;

  constructor(private readonly connections: RedisConnections) {}

  /**
   * Yields after each change of the job, several at once as one, until the signal aborts or the app closes; then it
   * just ends. It also yields when Redis came back, since what happened meanwhile is not known: read the state anew.
   */
  changes(id: SeparationId, signal: AbortSignal): AsyncIterable<JobChange> {
    const wakeup = new ChangeSignal();
    // taken note of now and not at the first `next`: what happens in between counts
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

  async close(): Promise<void> {
    this.closed = true;
    for (const wakeup of this.all()) wakeup.end();
    this.wakeups.clear();
    // both wait for Redis, for ever where it is away; the connections end it then
    await withTimeout(CLOSE_MS, () => this.closeReader()).catch(() => undefined);
  }

  async onModuleDestroy(): Promise<void> {
    await this.close();
  }

  private async closeReader(): Promise<void> {
    await this.starting;
    await this.reader?.close();
  }

  private async start(): Promise<void> {
    const connection = this.connections.forSubscriber();
    const events = this.connections.keys.queue('events');
    try {
      // from the newest event on, by its id: `$` would miss what happens before the first read arrives
      const [newest] = await connection.xrevrange(events, '+', '-', 'COUNT', 1);
      if (this.closed) return;
      this.reader = new QueueEvents(QUEUE_NAME, {
        connection,
        prefix: this.connections.keys.prefix,
        lastEventId: newest?.[0] ?? '0-0',
      });
    } catch {
      // the connection was closed before Redis ever answered
      return;
    }
    this.reader.on('error', () => undefined);
    for (const [event, change] of Object.entries(EVENTS) as [keyof typeof EVENTS, JobChange][]) {
      this.reader.on(event, ({ jobId }: { jobId: string }) => {
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
