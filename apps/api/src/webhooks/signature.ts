import { createHmac, randomBytes } from 'node:crypto';

const PREFIX = 'whsec_';
/** the standard asks for 24 to 64 */
const SECRET_BYTES = 32;

export function newSecret(): string {
  return PREFIX + randomBytes(SECRET_BYTES).toString('base64');
}

/**
 * The headers of a delivery, by Standard Webhooks (https://www.standardwebhooks.com).
 * @param id without a dot, which ends it in what is signed
 * @param now milliseconds since 1970
 */
export function signedHeaders(secret: string, id: string, now: number, body: string): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000));
  const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}
