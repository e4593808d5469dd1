import { RedisLock, type RedisConnections } from '@app/redis';

const LOCK_MS = 10_000;

/**
 * Lets one call at a time change something, on all servers.
 * @param name a webhook that is changed or removed, or the owner of one that is made, see `ownerFolder`
 */
export function webhookLock(connections: RedisConnections, name: string): RedisLock {
  return new RedisLock(connections, connections.keys.webhookLock(name), LOCK_MS);
}
