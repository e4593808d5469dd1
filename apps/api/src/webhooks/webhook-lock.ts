import { RedisLock, type RedisConnections } from '@app/redis';
import { fromQueue } from '../problems/outages.js';
import { ProblemError } from '../problems/problem.error.js';

const LOCK_MS = 10_000;
const WAIT_MS = 500;

/**
 * Lets one call at a time change something, on all servers.
 * @param name a webhook that is changed or removed, or the owner of one that is made, see `ownerFolder`
 */
export function webhookLock(connections: RedisConnections, name: string): RedisLock {
  return new RedisLock(connections, connections.keys.webhookLock(name), LOCK_MS);
}

/** Does the work of a call while it has the lock. @throws ProblemError busy or queue_unavailable */
export async function whileHeld<T>(lock: RedisLock, work: () => Promise<T>): Promise<T> {
  if (await fromQueue(() => lock.acquireWithin(WAIT_MS))) return lock.holdWhile(work);
  throw new ProblemError('busy', 'Your webhooks are being changed by another call.', { retryAfterSeconds: 1 });
}
