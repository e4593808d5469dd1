import type { ApiConfig } from '@app/config';
import { ReconcileState, SeparationIndex, SeparationStore } from '@app/separation-store';
import { RedisConnections, RedisLock } from '@app/redis';
import { SeparationQueue } from '@app/queue';
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
/** names that one question to Redis is about */
const LISTED = 200;
/** separations read from the store together */
const READ = 8;

/**
 * Keeps Redis true to the store, which is the only truth (rule 1): queues again what was accepted and has neither a
 * job nor a manifest, rebuilds the lists, and sweeps. At the start, every minute, and when Redis was away or wiped.
 * A look lists the names in the store and reads only what Redis knows nothing of or what has neither ended nor a job.
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
    private readonly store: SeparationStore,
    objects: ObjectStore,
    queue: SeparationQueue,
    index: SeparationIndex,
    private readonly state: ReconcileState,
    @Inject(API_CONFIG) config: Pick<ApiConfig, 'limits'>,
  ) {
    this.reconciliation = new Reconciliation(store, queue, index, state);
    this.sweep = new Sweep(store, objects, config.limits.retentionHours);
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
    const lock = new RedisLock(this.connections, this.connections.keys.reconcilerLock, LOCK_MS);
    if (!(await lock.acquire())) return [];
    try {
      await this.state.distrustAfterRestart();
      const queued = await this.look(lock, signal);
      await this.removeOutdated(lock, signal);
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
        if (performance.now() >= this.nextAt || !(await this.state.isTrusted())) {
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

  /** Over all of the store. @returns the ids that were queued again */
  private async look(lock: RedisLock, signal: AbortSignal): Promise<SeparationId[]> {
    const scan = this.state.beginScan();
    const queued: SeparationId[] = [];
    try {
      for await (const ids of inBatches(this.store.ids(signal), LISTED)) {
        await scan.found(ids);
        await holdOn(lock);
        queued.push(...(await this.several(await this.reconciliation.needed(ids), lock, signal)));
      }
      for await (const missing of inBatches(scan.missing(), READ)) {
        await Promise.all(missing.map((entry) => this.reconciliation.unlistMissing(entry, signal)));
        await holdOn(lock);
      }
    } finally {
      await scan.end().catch(() => undefined);
    }
    return queued;
  }

  private async removeOutdated(lock: RedisLock, signal: AbortSignal): Promise<void> {
    for (;;) {
      const { keptSince } = this.sweep;
      const ids = keptSince === undefined ? [] : await this.state.endedBefore(keptSince, LISTED);
      if (ids.length === 0) return;
      await this.several(ids, lock, signal);
    }
  }

  private async several(ids: readonly SeparationId[], lock: RedisLock, signal: AbortSignal): Promise<SeparationId[]> {
    const queued: SeparationId[] = [];
    for (let at = 0; at < ids.length; at += READ) {
      const some = ids.slice(at, at + READ);
      queued.push(...(await Promise.all(some.map((id) => this.one(id, signal)))).flat());
      await holdOn(lock);
    }
    return queued;
  }

  /** @returns the id where it was queued again */
  private async one(id: SeparationId, signal: AbortSignal): Promise<SeparationId[]> {
    const result = await this.reconciliation.reconcile(id, signal);
    if (result.done === 'no request') await this.sweep.withoutRequest(id, signal);
    else if (result.done === 'unreadable document') this.logger.warn('unreadable document', { separationId: id });
    else if (result.done !== 'nothing') this.logger.log(result.done, { separationId: id });
    else if (await this.sweep.outdated(result.stored)) this.logger.log('outdated', { separationId: id });
    return result.done === 'queued again' ? [id] : [];
  }
}

async function holdOn(lock: RedisLock): Promise<void> {
  if (!(await lock.extend())) throw new Error('another process has taken over');
}

async function* inBatches<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    if (batch.push(item) < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
