import { createHash } from 'node:crypto';
import type { SeparationId, StoredCallback, StoredDelivery } from '@app/separations';

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

/**
 * Names a delivery after its separation and the time of the ending (ISO 8601): `<13 digits of ms>-<16 hex digits>`. The
 * same ending has the same name, and names sort by time.
 * @param callback which of the separation's callbacks it is, see `callbackName`
 */
export function deliveryName(id: SeparationId, at: string, callback?: string): string {
  const ofSeparation = `${String(Date.parse(at)).padStart(13, '0')}-${shortName(id)}`;
  return callback === undefined ? ofSeparation : `${ofSeparation}-${callback}`;
}

/** Names a callback by what it sends, and where to: 16 hex digits. */
export function callbackName({ url, body }: StoredCallback): string {
  return createHash('sha256')
    .update(JSON.stringify([url, body]))
    .digest('hex')
    .slice(0, 16);
}

/** One id for each ending: a song that is sent again may end again. Dots would end the id in what is signed. */
export function messageId({ separationId, event, n }: StoredDelivery): string {
  const [, , callback] = n.split('-');
  const ofEnding = `${separationId}_${event.replace('separation.', '')}_${endedAt(n)}`;
  return callback === undefined ? ofEnding : `${ofEnding}_${callback}`;
}

/** Whether it is a delivery of that separation. */
export function isOf({ n }: DeliveryRef, id: SeparationId): boolean {
  return n.split('-')[1] === shortName(id);
}

function shortName(id: SeparationId): string {
  return id.slice('sep_'.length, 'sep_'.length + 16);
}

/** When the separation of a delivery ended, in milliseconds since 1970. */
export function endedAt(n: string): number {
  return Number(n.slice(0, n.indexOf('-')));
}

export function formatRef({ owner, webhookId }: WebhookRef): string {
  return `${owner}/${webhookId}`;
}

/** @throws Error for a text that `formatRef` did not make */
export function parseRef(text: string): WebhookRef {
  const [owner, webhookId] = text.split('/');
  if (owner === undefined || webhookId === undefined) throw new Error(`not a webhook: ${text}`);
  return { owner, webhookId };
}
