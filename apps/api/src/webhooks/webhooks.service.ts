import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { withTimeout } from '@app/concurrency';
import { OutboundClient, OutboundError, outboundUrl } from '@app/outbound';
import { RedisConnections } from '@app/redis';
import {
  WEBHOOK_EVENTS,
  type CreatedWebhook,
  type Delivery,
  type DeliveryList,
  type NewWebhook,
  type StoredDelivery,
  type StoredWebhook,
  type Webhook,
  type WebhookList,
} from '@app/separations';
import { invalidUrl } from '../problems/invalid-url.js';
import { fromQueue, fromStore, storageUnavailable } from '../problems/outages.js';
import { ProblemError } from '../problems/problem.error.js';
import { Clock } from './clock.js';
import { ownerFolder, type DeliveryRef, type WebhookRef } from './delivery-ref.js';
import { DeliverySchedule } from './delivery-schedule.js';
import { omit } from './omit.js';
import { newSecret } from './signature.js';
import { webhookLock, whileHeld } from './webhook-lock.js';
import { WebhookStore } from './webhook-store.js';

/** of one owner: each ending is sent to all of them */
const MAX_WEBHOOKS = 10;

const WEBHOOK_ID = /^wh_[0-9a-f]{32}$/;
const DELIVERY = /^\d{13}-[0-9a-f]{16}(-[0-9a-f]{16})?$/;

/** for the whole log: a hundred small objects, ms */
const LIST_MS = 1200;

/** What an owner does with its webhooks. */
@Injectable()
export class WebhooksService {
  constructor(
    private readonly webhooks: WebhookStore,
    private readonly schedule: DeliverySchedule,
    private readonly client: OutboundClient,
    private readonly connections: RedisConnections,
    private readonly clock: Clock,
  ) {}

  /** @throws ProblemError invalid_url, address_refused, too_many_webhooks or busy */
  async create(owner: string | null, wanted: NewWebhook): Promise<CreatedWebhook> {
    const url = outboundUrl(wanted.url);
    if (url === undefined) throw invalidUrl();
    const webhook: StoredWebhook = {
      id: `wh_${randomBytes(16).toString('hex')}`,
      owner,
      url: url.href,
      events: [...new Set(wanted.events ?? WEBHOOK_EVENTS)],
      createdAt: new Date(this.clock.now()).toISOString(),
      secret: newSecret(),
    };
    await whileHeld(webhookLock(this.connections, ownerFolder(owner)), async () => {
      const known = (await fromStore(() => this.webhooks.ofOwner(owner))).filter((one) => one.isForCallbacks !== true);
      if (known.length >= MAX_WEBHOOKS) {
        const detail = `You have ${MAX_WEBHOOKS} webhooks already. Delete one first.`;
        throw new ProblemError('too_many_webhooks', detail, { extras: { limit: MAX_WEBHOOKS } });
      }
      await this.checkAddress(url);
      await fromStore(() => this.webhooks.write(webhook));
    });
    return { ...shown(webhook), secret: webhook.secret };
  }

  async list(owner: string | null): Promise<WebhookList> {
    return { webhooks: (await fromStore(() => this.webhooks.ofOwner(owner))).map(shown) };
  }

  /** @throws ProblemError webhook_not_found */
  async get(owner: string | null, id: string): Promise<Webhook> {
    return shown((await this.load(owner, id)).webhook);
  }

  /** @throws ProblemError webhook_not_found */
  async remove(owner: string | null, id: string): Promise<void> {
    const { ref } = await this.load(owner, id);
    await whileHeld(webhookLock(this.connections, id), () => this.webhooks.remove(ref));
  }

  /** @throws ProblemError webhook_not_found */
  async deliveries(owner: string | null, id: string): Promise<DeliveryList> {
    const { ref } = await this.load(owner, id);
    const found = await withTimeout(LIST_MS, () => this.webhooks.deliveries(ref), { onTimeout: storageUnavailable });
    return { deliveries: found.map(shownDelivery) };
  }

  /**
   * Makes a delivery due now, whether it has ended or waits for its next attempt. A disabled webhook gets one attempt.
   * @throws ProblemError webhook_not_found or delivery_not_found
   */
  async redeliver(owner: string | null, id: string, n: string): Promise<Delivery> {
    const { ref: webhookRef, webhook } = await this.load(owner, id);
    const ref: DeliveryRef = { ...webhookRef, n };
    const known = DELIVERY.test(n) ? await fromStore(() => this.webhooks.delivery(ref)) : undefined;
    if (known === undefined) throw new ProblemError('delivery_not_found', 'This webhook has no such delivery.');
    const now = this.clock.now();
    const since = new Date(now).toISOString();
    const isTrial = webhook.disabled !== undefined;
    const due: StoredDelivery = { ...known, status: 'due', nextAttemptAt: since, since, isTrial };
    await fromStore(() => this.webhooks.writeDelivery(ref, due));
    await fromStore(() => this.webhooks.markDue(ref));
    await fromQueue(() => this.schedule.set(ref, now));
    return shownDelivery(due);
  }

  private async load(owner: string | null, id: string): Promise<{ ref: WebhookRef; webhook: StoredWebhook }> {
    const ref = { owner: ownerFolder(owner), webhookId: id };
    const webhook = WEBHOOK_ID.test(id) ? await fromStore(() => this.webhooks.find(ref)) : undefined;
    if (webhook === undefined) {
      throw new ProblemError('webhook_not_found', 'There is no such webhook, or it belongs to another key.');
    }
    return { ref, webhook };
  }

  /** Answers alike for a name that is unknown and one that is refused: nobody finds out names of our network. */
  private async checkAddress(url: URL): Promise<void> {
    try {
      await this.client.check(url);
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error;
      if (error.fault === 'port_refused') throw new ProblemError('invalid_url', error.message, { cause: error });
      throw new ProblemError('address_refused', `${url.hostname} does not lead to a public address.`, { cause: error });
    }
  }
}

function shown(webhook: StoredWebhook): Webhook {
  return omit(webhook, 'owner', 'secret', 'lastDeliveredAt', 'isForCallbacks');
}

function shownDelivery(delivery: StoredDelivery): Delivery {
  return omit(delivery, 'since', 'isTrial', 'callbackUrl');
}
