import { randomUUID } from 'node:crypto';
import { isSeparationId, type SeparationId } from '@app/separations';
import type { RedisConnections } from '@app/redis';
import { StoreScan } from './store-scan.js';

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
    await this.connections.call((redis) => redis.zadd(this.connections.keys.ended, at.getTime(), id));
  }

  /** Call before it is accepted again: the next pass looks at it then. */
  async markOpen(id: SeparationId): Promise<void> {
    await this.connections.call((redis) => redis.zrem(this.connections.keys.ended, id));
  }

  /** The earliest endings first, at most `limit`. */
  async endedBefore(date: Date, limit: number): Promise<SeparationId[]> {
    const { ended } = this.connections.keys;
    const ids = await this.connections.call((redis) =>
      redis.zrangebyscore(ended, '-inf', date.getTime(), 'LIMIT', 0, limit),
    );
    return ids.filter(isSeparationId);
  }

  /** Forgets all endings after Redis was wiped or restarted: it may have lost its latest writes. */
  async distrustAfterRestart(): Promise<void> {
    const { reconciled, ended } = this.connections.keys;
    await this.connections.call(async (redis) => {
      // a server that does not report its run id is never trusted
      const run = /^run_id:(\S+)/m.exec(await redis.info('server'))?.[1] ?? randomUUID();
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
