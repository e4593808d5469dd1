import { Injectable } from '@nestjs/common';
import { mapLimited } from '@app/concurrency';
import {
  InvalidDocumentError,
  objectKeys,
  parseStoredCallback,
  parseStoredDelivery,
  parseStoredWebhook,
  type SeparationId,
  type StoredCallback,
  type StoredDelivery,
  type StoredWebhook,
} from '@app/separations';
import { DocumentTooLargeError, ObjectStore } from '@app/storage';
import { callbackName, isOf, ownerFolder, type DeliveryRef, type WebhookRef } from './delivery-ref.js';

/** objects read at once */
const READ = 8;
/** each call has its own time-out */
const NEVER = new AbortController().signal;
/** deliveries that ended, of each webhook */
export const KEPT_DELIVERIES = 100;

/**
 * Webhooks and their deliveries in the object store. A delivery is due for as long as its object below `due/` exists:
 * it is written after the delivery itself, and removed after the delivery has ended.
 * Every method throws StorageUnavailableError.
 */
@Injectable()
export class WebhookStore {
  constructor(private readonly objects: ObjectStore) {}

  /** Oldest first. */
  async ofOwner(owner: string | null): Promise<StoredWebhook[]> {
    const folder = ownerFolder(owner);
    const refs = await this.refsBelow(folder);
    const found = await mapLimited(refs, READ, NEVER, (ref) => this.find(ref));
    return found.filter((webhook) => webhook !== undefined).sort((a, b) => a.createdAt.localeCompare(b.createdAt));
  }

  /** Every webhook's folder, also one that was left behind. */
  async *all(signal: AbortSignal): AsyncGenerator<WebhookRef> {
    for await (const owner of this.objects.listFolders(objectKeys.webhooksPrefix, { signal })) {
      for (const ref of await this.refsBelow(owner)) yield ref;
    }
  }

  async find({ owner, webhookId }: WebhookRef): Promise<StoredWebhook | undefined> {
    return this.read(objectKeys.webhook(owner, webhookId), parseStoredWebhook);
  }

  /** Whether its folder is that of a webhook, or was left behind. */
  async exists({ owner, webhookId }: WebhookRef): Promise<boolean> {
    return (await this.objects.head(objectKeys.webhook(owner, webhookId))) !== undefined;
  }

  async write(webhook: StoredWebhook): Promise<void> {
    await this.objects.putText(objectKeys.webhook(ownerFolder(webhook.owner), webhook.id), JSON.stringify(webhook));
  }

  /** The webhook goes first: a sweep removes what an interrupted removal leaves. */
  async remove({ owner, webhookId }: WebhookRef): Promise<void> {
    await this.objects.remove(objectKeys.webhook(owner, webhookId));
    await this.objects.removeAll(objectKeys.webhookFolder(owner, webhookId));
  }

  /** Makes a delivery due, with its body. */
  async add(ref: DeliveryRef, delivery: StoredDelivery, body: string): Promise<void> {
    await this.objects.putText(objectKeys.deliveryBody(ref.owner, ref.webhookId, ref.n), body);
    await this.writeDelivery(ref, delivery);
    await this.markDue(ref);
  }

  async markDue({ owner, webhookId, n }: DeliveryRef): Promise<void> {
    await this.objects.putText(objectKeys.dueDelivery(owner, webhookId, n), '');
  }

  async clearDue({ owner, webhookId, n }: DeliveryRef): Promise<void> {
    await this.objects.remove(objectKeys.dueDelivery(owner, webhookId, n));
  }

  async *due({ owner, webhookId }: WebhookRef, signal?: AbortSignal): AsyncGenerator<DeliveryRef> {
    const options = signal && { signal };
    for await (const { key } of this.objects.list(objectKeys.dueDeliveries(owner, webhookId), options)) {
      yield { owner, webhookId, n: key.slice(key.lastIndexOf('/') + 1) };
    }
  }

  async delivery({ owner, webhookId, n }: DeliveryRef): Promise<StoredDelivery | undefined> {
    return this.read(objectKeys.delivery(owner, webhookId, n), parseStoredDelivery);
  }

  async body({ owner, webhookId, n }: DeliveryRef): Promise<string | undefined> {
    return this.objects.getText(objectKeys.deliveryBody(owner, webhookId, n));
  }

  async writeDelivery({ owner, webhookId, n }: DeliveryRef, delivery: StoredDelivery): Promise<void> {
    await this.objects.putText(objectKeys.delivery(owner, webhookId, n), JSON.stringify(delivery));
  }

  /** Newest first. */
  async deliveries(ref: WebhookRef): Promise<StoredDelivery[]> {
    const refs = (await this.deliveryRefs(ref)).reverse();
    const found = await mapLimited(refs, READ, NEVER, (one) => this.delivery(one));
    return found.filter((delivery) => delivery !== undefined);
  }

  /** Removes the oldest of the deliveries that ended, and keeps 100. */
  async trim(ref: WebhookRef): Promise<void> {
    const refs = await this.deliveryRefs(ref);
    if (refs.length <= KEPT_DELIVERIES) return;
    const due = new Set<string>();
    for await (const { n } of this.due(ref)) due.add(n);
    for (const old of refs.filter((one) => !due.has(one.n)).slice(0, -KEPT_DELIVERIES)) await this.removeDelivery(old);
  }

  /** Removes all deliveries of a separation, and tells which were due. */
  async forget(owner: string | null, id: SeparationId): Promise<DeliveryRef[]> {
    const due: DeliveryRef[] = [];
    for (const webhook of await this.refsBelow(ownerFolder(owner))) {
      for await (const ref of this.due(webhook)) if (isOf(ref, id)) due.push(ref);
      for (const ref of await this.deliveryRefs(webhook)) if (isOf(ref, id)) await this.removeDelivery(ref);
    }
    for (const ref of due) await this.clearDue(ref);
    return due;
  }

  /** Whether the webhooks have been told that the separation ended then (ISO 8601). */
  async isAnnounced(id: SeparationId, at: string): Promise<boolean> {
    return (await this.objects.getText(objectKeys.announced(id))) === at;
  }

  async markAnnounced(id: SeparationId, at: string): Promise<void> {
    await this.objects.putText(objectKeys.announced(id), at);
  }

  /** Whom to call when the separation is completed. */
  async callbacks(id: SeparationId): Promise<StoredCallback[]> {
    const keys: string[] = [];
    for await (const { key } of this.objects.list(objectKeys.callbacks(id))) keys.push(key);
    const found = await mapLimited(keys, READ, NEVER, (key) => this.read(key, parseStoredCallback));
    return found.filter((callback) => callback !== undefined);
  }

  async writeCallback(id: SeparationId, callback: StoredCallback): Promise<void> {
    await this.objects.putText(objectKeys.callback(id, callbackName(callback)), JSON.stringify(callback));
  }

  async removeCallback(id: SeparationId, callback: StoredCallback): Promise<void> {
    await this.objects.remove(objectKeys.callback(id, callbackName(callback)));
  }

  private async removeDelivery({ owner, webhookId, n }: DeliveryRef): Promise<void> {
    await this.objects.remove(objectKeys.deliveryBody(owner, webhookId, n));
    await this.objects.remove(objectKeys.delivery(owner, webhookId, n));
  }

  private async refsBelow(owner: string): Promise<WebhookRef[]> {
    const refs: WebhookRef[] = [];
    for await (const webhookId of this.objects.listFolders(objectKeys.webhooksOf(owner)))
      refs.push({ owner, webhookId });
    return refs;
  }

  /** Oldest first. */
  private async deliveryRefs({ owner, webhookId }: WebhookRef): Promise<DeliveryRef[]> {
    const refs: DeliveryRef[] = [];
    for await (const { key } of this.objects.list(objectKeys.deliveries(owner, webhookId))) {
      refs.push({ owner, webhookId, n: key.slice(key.lastIndexOf('/') + 1).replace(/\.json$/, '') });
    }
    return refs;
  }

  /** undefined also for a document that cannot be read: the webhook is registered again, the delivery is dropped */
  private async read<T>(key: string, parse: (text: string) => T): Promise<T | undefined> {
    try {
      const text = await this.objects.getText(key);
      return text === undefined ? undefined : parse(text);
    } catch (error) {
      if (error instanceof InvalidDocumentError || error instanceof DocumentTooLargeError) return undefined;
      throw error;
    }
  }
}
