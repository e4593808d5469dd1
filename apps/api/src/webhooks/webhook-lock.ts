import { RedisLock, type RedisConnections } from '@app/redis';

const LOCK_MS = 10_000;

/** Lets one server at a time change or remove this webhook. */
export function webhookLock(connections: RedisConnections, webhookId: string): RedisLock {
  return new RedisLock(connections, connections.keys.webhookLock(webhookId), LOCK_MS);
}
