import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram, Registry } from '@app/metrics';
import type { DeliveryAttempt } from '@app/separations';
import { Clock } from './clock.js';
import { DeliverySchedule } from './delivery-schedule.js';

/** Metrics of webhooks. Their labels have fixed values: neither owners nor receivers. */
@Injectable()
export class WebhookMetrics {
  private readonly attempts: Histogram<'outcome'>;
  private readonly deliveries: Counter<'status'>;

  constructor(registry: Registry, schedule: DeliverySchedule, clock: Clock) {
    const registers = [registry];
    this.attempts = new Histogram({
      name: 'webhook_attempt_seconds',
      help: 'Time until the answer of a receiver, by outcome',
      labelNames: ['outcome'],
      buckets: [0.05, 0.1, 0.5, 1, 2, 5, 10],
      registers,
    });
    this.deliveries = new Counter({
      name: 'webhook_deliveries_total',
      help: 'Deliveries that ended, by status',
      labelNames: ['status'],
      registers,
    });
    for (const status of ['delivered', 'failed']) this.deliveries.inc({ status }, 0);
    new Gauge({
      name: 'webhook_deliveries_due',
      help: 'Deliveries that are tried, or tried again',
      registers,
      async collect() {
        this.set(await schedule.countAll().catch(() => Number.NaN));
      },
    });
    new Gauge({
      name: 'webhook_oldest_due_seconds',
      help: 'How long an attempt has been due that no server has made',
      registers,
      async collect() {
        const since = await schedule.firstDue().catch(() => Number.NaN);
        this.set(since === undefined ? 0 : Math.max(0, clock.now() - since) / 1000);
      },
    });
  }

  attempted({ outcome, seconds }: Pick<DeliveryAttempt, 'outcome' | 'seconds'>): void {
    this.attempts.observe({ outcome }, seconds);
  }

  ended(status: 'delivered' | 'failed'): void {
    this.deliveries.inc({ status });
  }
}
