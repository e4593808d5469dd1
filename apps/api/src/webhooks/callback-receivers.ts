import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { RedisConnections } from '@app/redis';
import type { StoredWebhook } from '@app/separations';
import { ProblemError } from '../problems/problem.error.js';
import { Clock } from './clock.js';
import { ownerFolder, type WebhookRef } from './delivery-ref.js';
import { newSecret } from './signature.js';
import { webhookLock, whileHeld } from './webhook-lock.js';
import { WebhookStore } from './webhook-store.js';

/** of one owner; for another, one goes that has had nothing to do for a day */
export const MAX_RECEIVERS = 50;
const IDLE_MS = 24 * 3600 * 1000;

/**
 * The webhooks that stand for the hosts and ports of callbacks: their deliveries take turns with those of others, and
 * have a log.
 */
@Injectable()
export class CallbackReceivers {
  constructor(
    private readonly webhooks: WebhookStore,
    private readonly connections: RedisConnections,
    private readonly clock: Clock,
  ) {}

  /**
   * The receiver at an address. The first callback makes it.
   * @throws ProblemError too_many_webhooks, busy or queue_unavailable
   * @throws StorageUnavailableError
   */
  async at(owner: string | null, url: string): Promise<StoredWebhook> {
    const { origin } = new URL(url);
    const ref: WebhookRef = { owner: ownerFolder(owner), webhookId: receiverId(owner, origin) };
    const known = await this.webhooks.find(ref);
    if (known !== undefined) return known;
    return whileHeld(webhookLock(this.connections, ref.owner), async () => {
      const madeMeanwhile = await this.webhooks.find(ref);
      if (madeMeanwhile !== undefined) return madeMeanwhile;
      await this.makeRoom(owner);
      const receiver: StoredWebhook = {
        id: ref.webhookId,
        owner,
        url: `${origin}/`,
        events: ['separation.completed'],
        createdAt: new Date(this.clock.now()).toISOString(),
        // callbacks are not signed
        secret: newSecret(),
        isForCallbacks: true,
      };
      await this.webhooks.write(receiver);
      return receiver;
    });
  }

  private async makeRoom(owner: string | null): Promise<void> {
    const receivers = (await this.webhooks.ofOwner(owner)).filter(({ isForCallbacks }) => isForCallbacks === true);
    let surplus = receivers.length - MAX_RECEIVERS + 1;
    for (const receiver of receivers) {
      if (surplus <= 0) return;
      if (!(await this.isIdle(receiver))) continue;
      await this.webhooks.remove(refOf(receiver));
      surplus -= 1;
    }
    if (surplus <= 0) return;
    const detail =
      `Your callbacks go to ${MAX_RECEIVERS} hosts and ports already. ` +
      'Send them to fewer, or delete one of these webhooks first.';
    throw new ProblemError('too_many_webhooks', detail, { extras: { limit: MAX_RECEIVERS } });
  }

  private async isIdle(receiver: StoredWebhook): Promise<boolean> {
    const { lastDeliveredAt, createdAt } = receiver;
    if (this.clock.now() - Date.parse(lastDeliveredAt ?? createdAt) <= IDLE_MS) return false;
    const due = await this.webhooks.due(refOf(receiver))[Symbol.asyncIterator]().next();
    return due.done === true;
  }
}

function refOf({ owner, id: webhookId }: StoredWebhook): WebhookRef {
  return { owner: ownerFolder(owner), webhookId };
}

function receiverId(owner: string | null, origin: string): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([owner, origin]))
    .digest('hex');
  return `wh_${digest.slice(0, 32)}`;
}
