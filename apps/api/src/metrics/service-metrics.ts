import { Injectable } from '@nestjs/common';
import { Gauge, Registry } from '@app/metrics';
import { SeparationQueue, type QueueDepth } from '@app/queue';
import { fromQueue } from '../problems/outages.js';
import { SeparationEventsService } from '../events/separation-events.service.js';
import { UploadReceiver } from '../uploads/upload-receiver.js';

interface QueueNumbers {
  readonly depths: ReadonlyMap<string, QueueDepth>;
  readonly oldestWaits: ReadonlyMap<string, number>;
}

/** The metrics of rest-server. Asks the queue once per scrape. */
@Injectable()
export class ServiceMetrics {
  private pending: Promise<QueueNumbers | undefined> | undefined;

  constructor(
    registry: Registry,
    private readonly queue: SeparationQueue,
    uploads: UploadReceiver,
    events: SeparationEventsService,
  ) {
    const registers = [registry];
    const queueNumbers = (): Promise<QueueNumbers | undefined> => this.queueNumbers();
    new Gauge({
      name: 'queue_jobs',
      help: 'Jobs of each queue, by state',
      labelNames: ['queue', 'state'],
      registers,
      async collect() {
        const now = await queueNumbers();
        // no value is better than a stale one while Redis is away
        this.reset();
        for (const [queue, depth] of now?.depths ?? []) {
          for (const state of ['waiting', 'active', 'delayed', 'failed'] as const) {
            this.set({ queue, state }, depth[state]);
          }
        }
      },
    });
    new Gauge({
      name: 'queue_oldest_wait_seconds',
      help: 'Age of the oldest waiting job of each queue, without those of low priority',
      labelNames: ['queue'],
      registers,
      async collect() {
        const now = await queueNumbers();
        this.reset();
        for (const [queue, seconds] of now?.oldestWaits ?? []) this.set({ queue }, seconds);
      },
    });
    new Gauge({
      name: 'queue_reachable',
      help: '1 when Redis answers',
      registers,
      async collect() {
        this.set((await queueNumbers()) === undefined ? 0 : 1);
      },
    });
    new Gauge({
      name: 'uploads_in_progress',
      help: 'Uploads being received or checked',
      registers,
      collect() {
        this.set(uploads.inProgress);
      },
    });
    new Gauge({
      name: 'event_streams_open',
      help: 'Open event streams',
      registers,
      collect() {
        this.set(events.open);
      },
    });
  }

  private queueNumbers(): Promise<QueueNumbers | undefined> {
    this.pending ??= this.ask().finally(() => {
      this.pending = undefined;
    });
    return this.pending;
  }

  private async ask(): Promise<QueueNumbers | undefined> {
    try {
      const [depths, oldestWaits] = await fromQueue(() =>
        Promise.all([this.queue.depths(), this.queue.oldestWaitSeconds()]),
      );
      return { depths, oldestWaits };
    } catch {
      // queue_reachable reports it
      return undefined;
    }
  }
}
