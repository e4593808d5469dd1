import { createHash } from 'node:crypto';

/** Where a webhook lies in the store. */
export interface WebhookRef {
  /** see `ownerFolder` */
  readonly owner: string;
  readonly webhookId: string;
}

/** Where a delivery lies in the store. */
export interface DeliveryRef extends WebhookRef {
  readonly n: string;
}

/** A safe name for the owner. No key's name leads to that of those without an owner. */
export function ownerFolder(owner: string | null): string {
  return owner === null ? 'public' : `key-${createHash('sha256').update(owner).digest('hex').slice(0, 32)}`;
}

export function formatRef({ owner, webhookId, n }: DeliveryRef): string {
  return `${owner}/${webhookId}/${n}`;
}

/** @throws Error for a text that `formatRef` did not make */
export function parseRef(text: string): DeliveryRef {
  const [owner, webhookId, n] = text.split('/');
  if (owner === undefined || webhookId === undefined || n === undefined) throw new Error(`not a delivery: ${text}`);
  return { owner, webhookId, n };
}
