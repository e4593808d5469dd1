import { Injectable, Logger } from '@nestjs/common';
import type { StoredDelivery } from '@app/separations';
import { Clock } from './clock.js';
import type { DeliveryRef, WebhookRef } from './delivery-ref.js';
import { DeliverySchedule } from './delivery-schedule.js';
import { omit } from './omit.js';
import { WebhookMetrics } from './webhook-metrics.js';
import { WebhookStore } from './webhook-store.js';

/** of one webhook: a receiver that is down for a day must not fill the store */
export const MAX_DUE = 1000;
const ATTEMPTS_KEPT = 50;

/** What is due, in the store and the schedule. Every method throws StorageUnavailableError and RedisUnavailableError. */
@Injectable()
export class DueDeliveries {
  private readonly logger = new Logger('webhooks');

  constructor(
    private readonly webhooks: WebhookStore,
    private readonly schedule: DeliverySchedule,
    private readonly clock: Clock,
    private readonly metrics: WebhookMetrics,
  ) {}

  /** Makes a delivery due now. If more than a thousand of its webhook are, gives up the oldest. */
  async add(ref: DeliveryRef, delivery: StoredDelivery, body: string): Promise<void> {
    await this.webhooks.add(ref, delivery, body);
    await this.schedule.set(ref, this.clock.now());
    const excess = (await this.schedule.count(ref)) - MAX_DUE;
    if (excess > 0) for (const old of await this.oldest(ref, excess)) await this.giveUp(old);
  }

  /** Notes that a delivery ended. */
  async end(ref: DeliveryRef, delivery: StoredDelivery & { readonly status: 'delivered' | 'failed' }): Promise<void> {
    await this.webhooks.writeDelivery(ref, omit(delivery, 'nextAttemptAt'));
    await this.forget(ref);
    await this.webhooks.trim(ref);
    this.metrics.ended(delivery.status);
  }

  async forget(ref: DeliveryRef): Promise<void> {
    await this.webhooks.clearDue(ref);
    await this.schedule.remove(ref);
  }

  private async oldest(webhook: WebhookRef, count: number): Promise<DeliveryRef[]> {
    const refs: DeliveryRef[] = [];
    for await (const ref of this.webhooks.due(webhook)) if (refs.push(ref) === count) break;
    return refs;
  }

  private async giveUp(ref: DeliveryRef): Promise<void> {
    const delivery = await this.webhooks.delivery(ref);
    if (delivery?.status !== 'due') return this.forget(ref);
    const detail = `More than ${MAX_DUE} deliveries were due, and this was the oldest.`;
    this.logger.warn(`${delivery.event} given_up: ${ref.webhookId}`, { separationId: delivery.separationId, detail });
    const at = new Date(this.clock.now()).toISOString();
    const attempts = [...delivery.attempts, { at, seconds: 0, outcome: 'given_up' as const, detail }];
    await this.end(ref, { ...delivery, status: 'failed', attempts: attempts.slice(-ATTEMPTS_KEPT) });
  }
}
