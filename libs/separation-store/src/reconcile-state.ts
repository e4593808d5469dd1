import { randomUUID } from 'node:crypto';
import { isSeparationId, type SeparationId } from '@app/separations';
import { allReplies, type RedisConnections } from '@app/redis';
import { StoreScan } from './store-scan.js';

/** Raise it when ended separations must be read once more, as when a version leaves or sweeps other files, or lists more of them. */
const LOOK = 3;
/** later than the strays of its own attempts are old enough, ms */
const FIRST_SWEEP_MS = 65 * 60_000;
const NEXT_SWEEP_MS = 24 * 3600 * 1000;

/**
 * What Redis remembers of the store, to save the reconciler from reading all of it each time: which separations are
 * listed, which have ended, and which the current scan has found. All calls throw RedisUnavailableError.
 */
export class ReconcileState {
  constructor(private readonly connections: RedisConnections) {}

  /** Of these ids, the unlisted ones, and the ones not known to have ended. */
  async unsettled(ids: readonly SeparationId[]): Promise<{ unlisted: Set<SeparationId>; open: SeparationId[] }> {
    if (ids.length === 0) return { unlisted: new Set(), open: [] };
    const { keys } = this.connections;
    const [owners, ends] = await this.connections.call((redis) =>
      Promise.all([redis.hmget(keys.listed, ...ids), redis.zmscore(keys.ended, ...ids)]),
    );
    const unlisted = ids.filter((_, at) => (owners[at] ?? null) === null);
    return { unlisted: new Set(unlisted), open: ids.filter((_, at) => (ends[at] ?? null) === null) };
  }

  async markEnded(id: SeparationId, at: Date): Promise<void> {
    const { ended, unswept } = this.connections.keys;
    await this.connections.call(async (redis) =>
      allReplies(
        await redis
          .multi()
          .zadd(ended, at.getTime(), id)
          .zadd(unswept, 'NX', Date.now() + FIRST_SWEEP_MS, id)
          .exec(),
      ),
    );
  }

  /** Ended separations whose strays are due to be removed, at most `limit`. */
  async dueForSweep(limit: number): Promise<SeparationId[]> {
    const ids = await this.connections.call((redis) =>
      redis.zrangebyscore(this.connections.keys.unswept, '-inf', Date.now(), 'LIMIT', 0, limit),
    );
    return ids.filter(isSeparationId);
  }

  /** The next sweep follows a day later: a worker that was cut off may write long after the end. */
  async markSwept(id: SeparationId): Promise<void> {
    await this.connections.call((redis) =>
      redis.zadd(this.connections.keys.unswept, 'XX', Date.now() + NEXT_SWEEP_MS, id),
    );
  }

  /** Call before it is accepted again: the next pass looks at it then. */
  async markOpen(id: SeparationId): Promise<void> {
    const { ended, unswept } = this.connections.keys;
    await this.connections.call(async (redis) =>
      allReplies(await redis.multi().zrem(ended, id).zrem(unswept, id).exec()),
    );
  }

  /** The earliest endings first, at most `limit`. */
  async endedBefore(date: Date, limit: number): Promise<SeparationId[]> {
    const { ended } = this.connections.keys;
    const ids = await this.connections.call((redis) =>
      redis.zrangebyscore(ended, '-inf', date.getTime(), 'LIMIT', 0, limit),
    );
    return ids.filter(isSeparationId);
  }

  /** Forgets all endings after Redis was wiped or restarted, which may have lost its latest writes, and after an upgrade. */
  async distrustAfterRestart(): Promise<void> {
    const { reconciled, ended } = this.connections.keys;
    await this.connections.call(async (redis) => {
      // a server that does not report its run id is never trusted
      const runId = /^run_id:(\S+)/m.exec(await redis.info('server'))?.[1] ?? randomUUID();
      const run = `${runId} ${LOOK}`;
      if ((await redis.get(reconciled)) === run) return;
      await redis.del(ended);
      // before the scan: a wipe during the scan removes the mark, and another scan follows
      await redis.set(reconciled, run);
    });
  }

  /** Whether Redis still has the mark of the last scan. */
  async isTrusted(): Promise<boolean> {
    return (await this.connections.call((redis) => redis.exists(this.connections.keys.reconciled))) === 1;
  }

  /** Starts a scan of the store. */
  beginScan(): StoreScan {
    return new StoreScan(this.connections, this.connections.keys.present(randomUUID()));
  }
}
