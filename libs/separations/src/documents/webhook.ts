import { z } from 'zod';
import { ATTEMPT_OUTCOMES, WEBHOOK_EVENTS } from '../vocabulary/webhook-events.js';
import { count, seconds, separationId, time, type DocumentOf } from './fields.js';
import { parseDocument } from './parse-document.js';
import { separationSchema } from './separation.js';

const id = z
  .string()
  .regex(/^wh_[0-9a-f]{32}$/)
  .meta({ example: 'wh_0123456789abcdef0123456789abcdef' });

const url = z
  .string()
  .meta({ format: 'uri', description: 'http or https, at most 2000 characters', example: 'https://example.com/hook' });

const events = z.array(z.enum(WEBHOOK_EVENTS)).min(1);

const secret = z
  .string()
  .regex(/^whsec_[A-Za-z0-9+/]+=*$/)
  .meta({ description: 'signs every delivery; shown only here', example: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD' });

const reason = z.string().meta({ example: 'Nothing could be delivered for 24 h. The last answer was HTTP 500.' });

export const webhookSchema = z.object({
  id,
  url,
  events,
  createdAt: time,
  disabled: z
    .object({ at: time, reason })
    .meta({ description: 'there if nothing is sent any longer; a redelivery that succeeds enables it again' })
    .exactOptional(),
});

/** `webhook.json` in the store. */
const storedWebhookSchema = webhookSchema.extend({
  secret,
  owner: z.string().nullable(),
  /** whether it stands for a receiver of callbacks: it hears of separations that name it, not of the others */
  isForCallbacks: z.boolean().exactOptional(),
  /** of one of the deliveries; up to a minute behind */
  lastDeliveredAt: time.exactOptional(),
});

/** What `POST /v1/webhooks` takes. */
export const newWebhookSchema = z.strictObject({
  url,
  events: events.optional().meta({ description: 'all if you send none' }),
});

export const createdWebhookSchema = webhookSchema.extend({ secret });

export const webhookListSchema = z.object({ webhooks: z.array(webhookSchema) });

export const deliveryAttemptSchema = z.object({
  at: time,
  seconds: seconds.meta({ description: 'until the answer, or the failure', example: 0.12 }),
  outcome: z.enum(ATTEMPT_OUTCOMES).meta({ example: 'refused' }),
  status: count.meta({ description: 'of the answer, if there was one', example: 500 }).exactOptional(),
  detail: z.string().meta({ description: 'one sentence', example: 'The receiver answered HTTP 500.' }),
});

/** One event for one webhook, and what became of it. */
export const deliverySchema = z.object({
  n: z
    .string()
    .regex(/^\d{13}-[0-9a-f]{16}(-[0-9a-f]{16})?$/)
    .meta({ description: 'names the delivery among those of its webhook', example: '1796000000000-0123456789abcdef' }),
  event: z.enum(WEBHOOK_EVENTS).meta({ example: 'separation.completed' }),
  separationId,
  createdAt: time,
  status: z.enum(['due', 'delivered', 'failed']).meta({ description: '`due` means that it is tried, or tried again' }),
  nextAttemptAt: time.meta({ description: 'there while it is due' }).exactOptional(),
  attempts: z.array(deliveryAttemptSchema).meta({ description: 'the latest 50, oldest first' }),
});

/** `deliveries/<n>.json` in the store. */
const storedDeliverySchema = deliverySchema.extend({
  /** attempts go on for a day from here; later than `createdAt` once a user has asked for another delivery */
  since: time,
  /** whether it is tried once, for a user who asked while the webhook was disabled */
  isTrial: z.boolean(),
  /** where it goes, of a callback: its body is the caller's own, and it is not signed */
  callbackUrl: z.string().exactOptional(),
});

/** `callbacks/<name>.json` in the store. */
const storedCallbackSchema = z.object({
  url,
  /** JSON that the receiver gets */
  body: z.string(),
});

export const deliveryListSchema = z.object({
  deliveries: z.array(deliverySchema).meta({ description: 'newest first; the latest 100 that ended, and those due' }),
});

/** The body of a delivery. */
export const webhookBodySchema = z.object({ type: z.enum(WEBHOOK_EVENTS), timestamp: time, data: separationSchema });

export type Webhook = DocumentOf<typeof webhookSchema>;
export type StoredWebhook = DocumentOf<typeof storedWebhookSchema>;
export type NewWebhook = DocumentOf<typeof newWebhookSchema>;
export type CreatedWebhook = DocumentOf<typeof createdWebhookSchema>;
export type WebhookList = DocumentOf<typeof webhookListSchema>;
export type Delivery = DocumentOf<typeof deliverySchema>;
export type DeliveryAttempt = DocumentOf<typeof deliveryAttemptSchema>;
export type StoredDelivery = DocumentOf<typeof storedDeliverySchema>;
export type StoredCallback = DocumentOf<typeof storedCallbackSchema>;
export type DeliveryList = DocumentOf<typeof deliveryListSchema>;
export type WebhookBody = DocumentOf<typeof webhookBodySchema>;

/** @throws InvalidDocumentError */
export function parseStoredWebhook(json: string): StoredWebhook {
  return parseDocument('webhook.json', storedWebhookSchema, json);
}

/** @throws InvalidDocumentError */
export function parseStoredDelivery(json: string): StoredDelivery {
  return parseDocument('delivery', storedDeliverySchema, json);
}

/** @throws InvalidDocumentError */
export function parseStoredCallback(json: string): StoredCallback {
  return parseDocument('callback', storedCallbackSchema, json);
}
