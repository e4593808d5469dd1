import type { SeparationId } from '@app/separations';

/** the queue of every model that has no other */
export const QUEUE_NAME = 'toWorkers';

/** songs to be analyzed, once they are separated */
export const ANALYSIS_QUEUE_NAME = 'toAnalyze';

/** BullMQ's keys of one queue. */
export class QueueKeys {
  constructor(
    private readonly prefix: string,
    readonly name: string,
  ) {}

  /** `wait` and `active` are lists, `delayed` and `failed` are sorted sets */
  state(state: 'wait' | 'active' | 'prioritized' | 'delayed' | 'failed' | 'completed' | 'events'): string {
    return this.key(state);
  }

  /** hash of a job */
  job(id: SeparationId): string {
    return this.key(id);
  }

  /** a name that came from Redis, such as an id in a list */
  key(name: string): string {
    return `${this.prefix}:${this.name}:${name}`;
  }
}

/** Every key in Redis that the service uses. Specs use their own prefix. */
export class RedisKeys {
  constructor(readonly prefix = 'bull') {}

  queue(name: string = QUEUE_NAME): QueueKeys {
    return new QueueKeys(this.prefix, name);
  }

  // our own keys stay outside the queues' names
  /** set of the queues beside `toWorkers` that ever got a job */
  get queues(): string {
    return `${this.prefix}:separations:queues`;
  }

  get cancelled(): string {
    return `${this.prefix}:separations:cancelled`;
  }

  /** there while somebody listens to the separation; expires */
  listening(id: SeparationId): string {
    return `${this.prefix}:separations:listen:${id}`;
  }

  /** channel that names a separation whose first or next listener is there */
  get listeners(): string {
    return `${this.prefix}:separations:listeners`;
  }

  /** what can be heard of a running separation */
  preview(id: SeparationId): string {
    return `${this.prefix}:separations:preview:${id}`;
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

  /** hash that maps each indexed separation to its owner */
  get listed(): string {
    return `${this.prefix}:separations:listed`;
  }

  /** hash that maps each indexed separation to its length, size and date */
  get songs(): string {
    return `${this.prefix}:separations:songs`;
  }

  /** sorted set of ended separations, by end time */
  get ended(): string {
    return `${this.prefix}:separations:ended`;
  }

  /** sorted set of ended separations, by the time when their strays are due to be removed */
  get unswept(): string {
    return `${this.prefix}:separations:unswept`;
  }

  /** set of separations that one scan of the store found */
  present(scan: string): string {
    return `${this.prefix}:separations:present:${scan}`;
  }

  /** what clients were told last of a separation; expires */
  told(id: SeparationId): string {
    return `${this.prefix}:separations:told:${id}`;
  }

  /** id of the folder store that the service uses */
  get store(): string {
    return `${this.prefix}:separations:store`;
  }

  /** set of a client's jobs that wait or run in a queue; expires */
  turns(client: string, queue: string): string {
    return `${this.prefix}:separations:turns:${queue === QUEUE_NAME ? '' : `${queue}:`}${client}`;
  }

  /** by which addresses without a key get their classes */
  get turnSecret(): string {
    return `${this.prefix}:separations:turn-secret`;
  }

  /** what a call with this `Idempotency-Key` was answered; expires */
  answer(client: string, digest: string): string {
    return `${this.prefix}:separations:answer:${client}:${digest}`;
  }

  /** list of a client's answers, the latest first; expires */
  answers(client: string): string {
    return `${this.prefix}:separations:answers:${client}`;
  }

  /** held while a resumable upload receives a part */
  uploadLock(id: string): string {
    return `${this.prefix}:separations:upload:${id}`;
  }

  /** held while a separation is committed, cancelled or removed */
  separationLock(id: SeparationId): string {
    return `${this.prefix}:separations:lock:${id}`;
  }

  /** written to find out whether Redis takes writes */
  get ping(): string {
    return `${this.prefix}:separations:ping`;
  }

  /** sorted set of a webhook's deliveries, by the time of their next attempt */
  deliveries(webhook: string): string {
    return `${this.prefix}:webhooks:deliveries:${webhook}`;
  }

  /** sorted set of webhooks with deliveries, by the time of their next attempt */
  get webhooksByDelivery(): string {
    return `${this.prefix}:webhooks:scheduled`;
  }

  /** held while a webhook is disabled, enabled or removed, or its owner gets one more */
  webhookLock(name: string): string {
    return `${this.prefix}:webhooks:lock:${name}`;
  }

  /** there while a server tells the webhooks of an ending; expires */
  announcing(id: SeparationId, at: string): string {
    return `${this.prefix}:webhooks:announcing:${id}:${at}`;
  }

  get reconcilerLock(): string {
    return `${this.prefix}:separations:reconciler`;
  }

  /** run id of the Redis server at the last reconciliation, and its version: missing after a wipe, different after a restart or upgrade */
  get reconciled(): string {
    return `${this.prefix}:separations:reconciled`;
  }
}
