import { createHash } from 'node:crypto';
import type { StoredWebhook } from '@app/separations';
import { ownerFolder, type WebhookRef } from './delivery-ref.js';
import { newSecret } from './signature.js';
import type { WebhookStore } from './webhook-store.js';

/** of one owner; beyond that, those go that have had nothing to do for a day */
const MAX_RECEIVERS = 50;
const IDLE_MS = 24 * 3600 * 1000;

/**
 * The webhook that stands for the host and port of a callback: its deliveries take turns with those of others, and have
 * a log. The first callback makes it.
 * @param now milliseconds since 1970
 */
export async function callbackReceiver(
  webhooks: WebhookStore,
  owner: string | null,
  url: string,
  now: number,
): Promise<StoredWebhook> {
  const { origin } = new URL(url);
  const ref: WebhookRef = { owner: ownerFolder(owner), webhookId: receiverId(owner, origin) };
  const known = await webhooks.find(ref);
  if (known !== undefined) return known;
  await makeRoom(webhooks, owner, now);
  const receiver: StoredWebhook = {
    id: ref.webhookId,
    owner,
    url: `${origin}/`,
    events: ['separation.completed'],
    createdAt: new Date(now).toISOString(),
    // callbacks are not signed
    secret: newSecret(),
    isForCallbacks: true,
  };
  await webhooks.write(receiver);
  return receiver;
}

function receiverId(owner: string | null, origin: string): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([owner, origin]))
    .digest('hex');
  return `wh_${digest.slice(0, 32)}`;
}

async function makeRoom(webhooks: WebhookStore, owner: string | null, now: number): Promise<void> {
  const receivers = (await webhooks.ofOwner(owner)).filter(({ isForCallbacks }) => isForCallbacks === true);
  const surplus = receivers.length - MAX_RECEIVERS + 1;
  if (surplus <= 0) return;
  const idle = receivers.filter((one) => now - Date.parse(one.lastDeliveredAt ?? one.createdAt) > IDLE_MS);
  for (const { id: webhookId } of idle.slice(0, surplus)) {
    const ref = { owner: ownerFolder(owner), webhookId };
    const due = await webhooks.due(ref)[Symbol.asyncIterator]().next();
    if (due.done === true) await webhooks.remove(ref);
  }
}
