import type { SeparationId } from '@app/separations';

export const QUEUE_NAME = 'toWorkers';

/** Every key in Redis that the queue uses; specs give a prefix of their own. */
export class RedisKeys {
  constructor(readonly prefix = 'bull') {}

  /** of BullMQ itself: `wait` and `active` are lists, `delayed` and `failed` sorted sets, an id is the job's hash */
  queue(state: 'wait' | 'active' | 'prioritized' | 'delayed' | 'failed' | 'completed' | 'events'): string {
    return this.queueKey(state);
  }

  job(id: SeparationId): string {
    return this.queueKey(id);
  }

  /** of something that Redis named, such as an id in a list */
  queueKey(name: string): string {
    return `${this.prefix}:${QUEUE_NAME}:${name}`;
  }

  /** of ours: beside the queue, never below its name */
  get cancelled(): string {
    return `${this.prefix}:separations:cancelled`;
  }

  get workers(): string {
    return `${this.prefix}:separations:workers`;
  }

  worker(workerId: string): string {
    return `${this.workers}:${workerId}`;
  }

  get models(): string {
    return `${this.prefix}:separations:models`;
  }

  get speeds(): string {
    return `${this.prefix}:separations:speeds`;
  }

  index(owner: string | null): string {
    return `${this.prefix}:separations:index:${owner === null ? 'public' : `key:${owner}`}`;
  }

  /** hash of every separation in a list to whose it is */
  get listed(): string {
    return `${this.prefix}:separations:listed`;
  }

  /** sorted set of separations that ended, by when */
  get ended(): string {
    return `${this.prefix}:separations:ended`;
  }

  /** set of those that one look at the store has found */
  present(look: string): string {
    return `${this.prefix}:separations:present:${look}`;
  }

  /** held while a separation is committed, cancelled or removed */
  separationLock(id: SeparationId): string {
    return `${this.prefix}:separations:lock:${id}`;
  }

  get reconcilerLock(): string {
    return `${this.prefix}:separations:reconciler`;
  }

  /** the run of the Redis server at the last reconciliation: gone after a wipe, another's after a restart */
  get reconciled(): string {
    return `${this.prefix}:separations:reconciled`;
  }
}
