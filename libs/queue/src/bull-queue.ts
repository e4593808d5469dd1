import { Queue, type QueueOptions } from 'bullmq';
import { QUEUE_NAME, type RedisConnections } from '@app/redis';

/** long enough for the reconciler to record why a job failed */
const FAILED_KEPT = { age: 3600, count: 1000 };

export function queueOptions(connections: RedisConnections): QueueOptions {
  return {
    connection: connections.forQueue(),
    prefix: connections.keys.prefix,
    // the version check fails for good if Redis goes down at that moment
    skipVersionCheck: true,
    defaultJobOptions: { removeOnComplete: true, removeOnFail: FAILED_KEPT },
  };
}

/** BullMQ's queue on the producer's connection. */
export function openQueue(connections: RedisConnections, name: string = QUEUE_NAME): Queue {
  return new Queue(name, queueOptions(connections));
}
