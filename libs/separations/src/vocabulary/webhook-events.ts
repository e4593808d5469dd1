import type { SeparationStatus } from './states.js';

/** how a separation may end */
type EndStatus = Extract<SeparationStatus, 'completed' | 'failed' | 'cancelled'>;

/** What a webhook may be told of. */
export const WEBHOOK_EVENTS = ['separation.completed', 'separation.failed', 'separation.cancelled'] as const;

export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

export function webhookEvent(status: EndStatus): WebhookEvent {
  return `separation.${status}`;
}

/**
 * How an attempt to deliver ended. `delivered` and `given_up` end the delivery. `no_key` and `given_up` were not sent:
 * their owner has no valid key, or too many others are due.
 */
export const ATTEMPT_OUTCOMES = [
  'delivered',
  'refused',
  'redirected',
  'timed_out',
  'port_refused',
  'address_refused',
  'name_not_found',
  'not_connected',
  'tls_failed',
  'closed_early',
  'no_key',
  'given_up',
] as const;
