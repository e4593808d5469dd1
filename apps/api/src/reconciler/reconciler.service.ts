import type { ApiConfig } from '@app/config';
import { ReconcileState, SeparationBusyError, SeparationIndex, SeparationStore } from '@app/separation-store';
import { RedisConnections, RedisLock } from '@app/redis';
import { QueueShares, SeparationQueue } from '@app/queue';
import type { SeparationId } from '@app/separations';
import { ObjectStore, StorageUnavailableError } from '@app/storage';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { KeyRing } from '../access/key-ring.js';
import { API_CONFIG } from '../config/api-config.module.js';
import { Announcer } from '../webhooks/announcer.js';
import { Deliverer } from '../webhooks/deliverer.js';
import { Reconciliation } from './reconcile.js';
import { Sweep } from './sweep.js';

/** between two scans of the whole store, by one of all processes */
const INTERVAL_MS = 60_000;
/** how soon a wiped or returned Redis is noticed */
const WATCH_MS = 1000;
const LOCK_MS = 30_000;
/** ids per call to Redis */
const LISTED = 200;
/** separations past their retention that one pass removes */
const REMOVED = 10_000;
/** separations read from the store at once */
const READ = 8;

interface Attempt<T> {
  /** undefined if it is left to the next pass */
  readonly done?: T;
  readonly fault?: StorageUnavailableError;
}

/**
 * Keeps Redis in line with the store, the only source of truth: requeues accepted separations that have neither a job
 * nor an ending, rebuilds the lists, and sweeps. Runs at the start, every minute, and after Redis was down or wiped.
 * A pass lists the ids in the store and reads only separations that Redis does not know, or that are open without a job.
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
    private readonly queue: SeparationQueue,
    shares: QueueShares,
    index: SeparationIndex,
    private readonly state: ReconcileState,
    keys: KeyRing,
    announcer: Announcer,
    private readonly deliverer: Deliverer,
    @Inject(API_CONFIG) config: Pick<ApiConfig, 'limits'>,
  ) {
    this.reconciliation = new Reconciliation(store, queue, shares, index, state, keys, announcer);
    this.sweep = new Sweep(store, objects, config.limits.retentionHours);
  }

  onApplicationBootstrap(): void {
    // a Redis that was down may have lost its last second even if the mark is there
    this.connections.forQueue().on('ready', this.soon);
    this.watching = this.watch();
  }

  async onModuleDestroy(): Promise<void> {
    this.connections.forQueue().off('ready', this.soon);
    this.ending.abort();
    await this.watching;
  }

  /** Runs one pass unless another process is running one. Returns the ids that were queued again. */
  async run(): Promise<readonly SeparationId[]> {
    const { signal } = this.ending;
    const lock = new RedisLock(this.connections, this.connections.keys.reconcilerLock, LOCK_MS);
    if (!(await lock.acquire())) return [];
    try {
      await this.state.distrustAfterRestart();
      const moved = await this.queue.reroute();
      if (moved.length > 0)
        this.logger.log(`moved ${moved.length} songs out of queues that their models have no longer`);
      await holdOn(lock);
      const queued = await this.look(lock, signal);
      await this.removeOutdated(lock, signal);
      await this.removeStrays(lock, signal);
      await this.sweep.unaccepted(signal);
      await holdOn(lock);
      await this.deliverer.sweep(signal);
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
        // the queue or the store is down: try again in a moment, and log it at debug level only
        this.logger.debug(`interrupted: ${error instanceof Error ? error.message : String(error)}`);
        this.nextAt = 0;
      }
      await pause(WATCH_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Scans the whole store. @returns the ids that were queued again */
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

  /** A bounded number in each pass, listed once: what cannot be removed now must not keep the pass from its end. */
  private async removeOutdated(lock: RedisLock, signal: AbortSignal): Promise<void> {
    const { keptSince } = this.sweep;
    if (keptSince === undefined) return;
    await this.several(await this.state.endedBefore(keptSince, REMOVED), lock, signal);
  }

  /** A bounded number in each pass; the rest is due in the next. */
  private async removeStrays(lock: RedisLock, signal: AbortSignal): Promise<void> {
    for (const id of await this.state.dueForSweep(LISTED)) {
      const { done: removed = 0 } = await this.attempt(id, () => this.sweep.strays(id, signal));
      if (removed > 0) this.logger.log(`removed ${removed} artefacts that nothing refers to`, { separationId: id });
      await this.state.markSwept(id);
      await holdOn(lock);
    }
  }

  private async several(ids: readonly SeparationId[], lock: RedisLock, signal: AbortSignal): Promise<SeparationId[]> {
    const queued: SeparationId[] = [];
    for (let at = 0; at < ids.length; at += READ) {
      const some = ids.slice(at, at + READ);
      const results = await Promise.all(some.map((id) => this.attempt(id, () => this.reconcile(id, signal))));
      queued.push(...results.flatMap(({ done }) => done ?? []));
      const faults = results.flatMap(({ fault }) => fault ?? []);
      const [fault] = faults;
      // not one object, but the store itself
      if (fault !== undefined && faults.length > 1 && faults.length === some.length) throw fault;
      await holdOn(lock);
    }
    return queued;
  }

  /** Leaves what cannot be done now to the next pass: one object that cannot be read must not hold up the rest. */
  private async attempt<T>(id: SeparationId, work: () => Promise<T>): Promise<Attempt<T>> {
    try {
      return { done: await work() };
    } catch (error) {
      if (error instanceof SeparationBusyError) return {};
      if (!(error instanceof StorageUnavailableError)) throw error;
      this.logger.warn(`left to the next pass: ${error.message}`, { separationId: id });
      return { fault: error };
    }
  }

  /** @returns the id if it was queued again */
  private async reconcile(id: SeparationId, signal: AbortSignal): Promise<SeparationId[]> {
    const result = await this.reconciliation.reconcile(id, signal);
    if ('stored' in result && result.stored.damage !== undefined) {
      this.logger.warn(`the stored ${result.stored.damage.document} cannot be read`, { separationId: id });
    }
    if (result.done === 'no request') await this.sweep.withoutRequest(id, signal);
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
