import type { DeliveryAttempt, StoredDelivery } from '@app/separations';

const ATTEMPTS_KEPT = 50;

/** The delivery with one more attempt. It keeps the latest 50. */
export function withAttempt(delivery: StoredDelivery, attempt: DeliveryAttempt): StoredDelivery {
  return { ...delivery, attempts: [...delivery.attempts, attempt].slice(-ATTEMPTS_KEPT) };
}
