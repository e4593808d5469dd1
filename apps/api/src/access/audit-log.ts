import { Logger } from '@nestjs/common';
import type { ApiRequest } from '../context/api-request.js';
import { callerOf } from './client.js';

/** What is worth a line of the audit log: who changed what, and whose key was refused. */
export type Audited =
  | 'key refused'
  | 'song accepted'
  | 'separation cancelled'
  | 'separation edited'
  | 'separation deleted'
  | 'webhook created'
  | 'webhook deleted';

const logger = new Logger('audit');

/** Writes who did what, with the address that it came from. Never a key. */
export function audit(what: Audited, request: ApiRequest, separationId?: string, webhookId?: string): void {
  const who = callerOf(request);
  logger.log(`${what}: ${who}`, {
    who,
    address: request.ip ?? 'unknown',
    ...(separationId === undefined ? {} : { separationId }),
    ...(webhookId === undefined ? {} : { webhookId }),
  });
}
