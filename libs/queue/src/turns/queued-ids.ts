import { allReplies, texts, type QueueKeys } from '@app/redis';
import type { Redis } from 'ioredis';

export interface QueuedIds {
  readonly active: readonly string[];
  /** the next one first */
  readonly waiting: readonly string[];
}

/**
 * BullMQ first takes the list `wait`, which jobs enter on the left and leave on the right: those of lost workers, and of
 * versions without turns.
 */
export async function queuedIds(redis: Redis, keys: QueueKeys): Promise<QueuedIds> {
  const lists = redis
    .multi()
    .lrange(keys.state('active'), 0, -1)
    .lrange(keys.state('wait'), 0, -1)
    .zrange(keys.state('prioritized'), '0', '-1');
  const [active = [], first = [], inTurn = []] = allReplies(await lists.exec()).map(texts);
  return { active, waiting: [...first.reverse(), ...inTurn] };
}
