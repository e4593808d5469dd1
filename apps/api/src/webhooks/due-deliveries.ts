import { Injectable, Logger } from '@nestjs/common';
import type { StoredDelivery } from '@app/separations';
import { Clock } from './clock.js';
import { endedAt, type DeliveryRef } from './delivery-ref.js';
import { DeliverySchedule } from './delivery-schedule.js';
import { omit } from './omit.js';
import { WebhookMetrics } from './webhook-metrics.js';
import { WebhookStore } from './webhook-store.js';
import { withAttempt } from './with-attempt.js';

/** of one webhook: a receiver that is down for a day must not fill the store */
export const MAX_DUE = 1000;

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

  /** Makes a delivery due now. If more than a thousand of its webhook are, gives up those that were due first. */
  async add(ref: DeliveryRef, delivery: StoredDelivery, body: string): Promise<void> {
    await this.webhooks.add(ref, delivery, body);
    await this.schedule.set(ref, this.clock.now());
    const excess = (await this.schedule.count(ref)) - MAX_DUE;
    for (let given = 0; given < excess; given += 1) {
      const old = await this.oldestBeside(ref);
      if (old !== undefined) await this.giveUp(old);
    }
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

  /** Of the other deliveries of its webhook, the one that has been due the longest. */
  private async oldestBeside(added: DeliveryRef): Promise<DeliveryRef | undefined> {
    let oldest: { readonly ref: DeliveryRef; readonly since: number } | undefined;
    for await (const ref of this.webhooks.due(added)) {
      if (ref.n === added.n) continue;
      // they come in the order of their endings, and nothing is due before its ending
      if (oldest !== undefined && endedAt(ref.n) >= oldest.since) break;
      const delivery = await this.webhooks.delivery(ref);
      if (delivery?.status !== 'due') return ref;
      const since = Date.parse(delivery.since);
      if (oldest === undefined || since < oldest.since) oldest = { ref, since };
    }
    return oldest?.ref;
  }

  private async giveUp(ref: DeliveryRef): Promise<void> {
    const delivery = await this.webhooks.delivery(ref);
    if (delivery?.status !== 'due') return this.forget(ref);
    const detail = `More than ${MAX_DUE} deliveries were due, and this was the oldest.`;
    this.logger.warn(`${delivery.event} given_up: ${ref.webhookId}`, { separationId: delivery.separationId, detail });
    const at = new Date(this.clock.now()).toISOString();
    const attempt = { at, seconds: 0, outcome: 'given_up', detail } as const;
    await this.end(ref, { ...withAttempt(delivery, attempt), status: 'failed' });
  }
}
