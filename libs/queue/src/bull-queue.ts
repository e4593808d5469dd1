import { Queue, type QueueOptions } from 'bullmq';
import { QUEUE_NAME, type RedisConnections } from '@app/redis';

/** how long a failed job is kept: long enough for the reconciler to write down why */
const FAILED_KEPT = { age: 3600, count: 1000 };

export function queueOptions(connections: RedisConnections): QueueOptions {
  return {
    connection: connections.forQueue(),
    prefix: connections.keys.prefix,
    // asking for the version fails for good when Redis goes away in that very moment
    skipVersionCheck: true,
    defaultJobOptions: { removeOnComplete: true, removeOnFail: FAILED_KEPT },
  };
}

/** BullMQ's queue on the connection of the producer's side, for where Nest does not make it. */
export function openQueue(connections: RedisConnections): Queue {
  return new Queue(QUEUE_NAME, queueOptions(connections));
}
