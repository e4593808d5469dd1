import type { ApiConfig } from '@app/config';
import { RedisConnections, RedisLock, SeparationIndex, SeparationQueue } from '@app/queue';
import type { SeparationId } from '@app/separations';
import { ObjectStore } from '@app/storage';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { API_CONFIG } from '../config/api-config.module.js';
import { Reconciliation } from './reconcile.js';
import { Sweep } from './sweep.js';

/** a whole look at the store, by one process of all */
const INTERVAL_MS = 60_000;
/** how soon it is noticed that Redis came back or was wiped */
const WATCH_MS = 1000;
const LOCK_MS = 30_000;
/** separations looked at together */
const BATCH = 8;

/**
 * Keeps Redis true to the store, which is the only truth (rule 1): queues again what was accepted and has neither a
 * job nor a manifest, rebuilds the lists, and sweeps. At the start, every minute, and when Redis was away or wiped.
 */
@Injectable()
export class ReconcilerService implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('reconciler');
  private readonly ending = new AbortController();
  private readonly reconciliation: Reconciliation;
  private readonly sweep: Sweep;
  private watching: Promise<void> | undefined;
  private nextAt = 0;

  constructor(
    private readonly connections: RedisConnections,
    store: ObjectStore,
    queue: SeparationQueue,
    index: SeparationIndex,
    @Inject(API_CONFIG) config: Pick<ApiConfig, 'limits'>,
  ) {
    this.reconciliation = new Reconciliation(store, queue, index);
    this.sweep = new Sweep(store, index, config.limits.retentionHours);
  }

  onApplicationBootstrap(): void {
    // a server that was away may have lost its last second, although the mark is there
    this.connections.forQueue().on('ready', this.soon);
    this.watching = this.watch();
  }

  async onModuleDestroy(): Promise<void> {
    this.connections.forQueue().off('ready', this.soon);
    this.ending.abort();
    await this.watching;
  }

  /** One whole pass, unless another process is at one. Gives the ids that were queued again. */
  async run(): Promise<readonly SeparationId[]> {
    const { signal } = this.ending;
    const { keys } = this.connections;
    const lock = new RedisLock(this.connections, keys.reconcilerLock, LOCK_MS);
    if (!(await lock.acquire())) return [];
    try {
      // marked first: a wipe in the middle takes the mark with it, and another pass follows
      await this.connections.call((redis) => redis.set(keys.reconciled, new Date().toISOString()));
      const queued = await this.pass(lock, signal);
      await this.sweep.unaccepted(signal);
      return queued;
    } finally {
      await lock.release().catch(() => undefined);
    }
  }

  private readonly soon = (): void => {
    this.nextAt = 0;
  };

  private async watch(): Promise<void> {
    const { signal } = this.ending;
    while (!signal.aborted) {
      try {
        if (performance.now() >= this.nextAt || !(await this.isMarked())) {
          this.nextAt = performance.now() + INTERVAL_MS;
          await this.run();
        }
      } catch (error) {
        // the queue or the store is away: once more after a moment, which is no news while it lasts
        this.logger.debug(`interrupted: ${error instanceof Error ? error.message : String(error)}`);
        this.nextAt = 0;
      }
      await pause(WATCH_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  private async isMarked(): Promise<boolean> {
    return (await this.connections.call((redis) => redis.exists(this.connections.keys.reconciled))) === 1;
  }

  private async pass(lock: RedisLock, signal: AbortSignal): Promise<SeparationId[]> {
    const queued: SeparationId[] = [];
    let batch: SeparationId[] = [];
    const flush = async (): Promise<void> => {
      queued.push(...(await Promise.all(batch.map((id) => this.one(id, signal)))).flat());
      batch = [];
      if (!(await lock.extend())) throw new Error('another process has taken over');
    };
    for await (const id of this.reconciliation.ids(signal)) {
      if (batch.push(id) === BATCH) await flush();
    }
    await flush();
    return queued;
  }

  /** @returns the id where it was queued again */
  private async one(id: SeparationId, signal: AbortSignal): Promise<SeparationId[]> {
    const result = await this.reconciliation.reconcile(id, signal);
    if (result.done === 'no request') await this.sweep.withoutRequest(id, signal);
    else if (result.done === 'unreadable request') this.logger.warn('unreadable request', { separationId: id });
    else if (result.done !== 'nothing') this.logger.log(result.done, { separationId: id });
    else if (await this.sweep.outdated(result.stored, signal)) this.logger.log('outdated', { separationId: id });
    return result.done === 'queued again' ? [id] : [];
  }
}
