import { Injectable } from '@nestjs/common';
import { Gauge, Registry } from '@app/metrics';
import { SeparationQueue, type QueueDepth } from '@app/queue';
import { fromQueue } from '../problems/outages.js';
import { SeparationEventsService } from '../events/separation-events.service.js';
import { UploadReceiver } from '../uploads/upload-receiver.js';

interface QueueNumbers extends QueueDepth {
  readonly oldestWaitSeconds: number;
}

/** What rest-server adds to its registry; the queue is asked once for each scrape. */
@Injectable()
export class ServiceMetrics {
  private asked: Promise<QueueNumbers | undefined> | undefined;

  constructor(
    registry: Registry,
    private readonly queue: SeparationQueue,
    uploads: UploadReceiver,
    events: SeparationEventsService,
  ) {
    const registers = [registry];
    const numbers = (): Promise<QueueNumbers | undefined> => this.numbers();
    new Gauge({
      name: 'queue_jobs',
      help: 'Jobs of the queue by state',
      labelNames: ['state'],
      registers,
      async collect() {
        const now = await numbers();
        // no value is better than an old one while Redis is away
        this.reset();
        for (const state of now === undefined ? [] : (['waiting', 'active', 'delayed', 'failed'] as const)) {
          this.set({ state }, now?.[state] ?? 0);
        }
      },
    });
    new Gauge({
      name: 'queue_oldest_wait_seconds',
      help: 'Age of the job that waits longest',
      registers,
      async collect() {
        this.set((await numbers())?.oldestWaitSeconds ?? Number.NaN);
      },
    });
    new Gauge({
      name: 'queue_reachable',
      help: '1 where Redis answers',
      registers,
      async collect() {
        this.set((await numbers()) === undefined ? 0 : 1);
      },
    });
    new Gauge({
      name: 'uploads_in_progress',
      help: 'Songs that are being received or checked',
      registers,
      collect() {
        this.set(uploads.inProgress);
      },
    });
    new Gauge({
      name: 'event_streams_open',
      help: 'Clients that follow a separation',
      registers,
      collect() {
        this.set(events.open);
      },
    });
  }

  private numbers(): Promise<QueueNumbers | undefined> {
    this.asked ??= this.ask().finally(() => {
      this.asked = undefined;
    });
    return this.asked;
  }

  private async ask(): Promise<QueueNumbers | undefined> {
    try {
      const [depth, oldestWaitSeconds] = await fromQueue(() =>
        Promise.all([this.queue.depth(), this.queue.oldestWaitSeconds()]),
      );
      return { ...depth, oldestWaitSeconds };
    } catch {
      // queue_reachable says so
      return undefined;
    }
  }
}
