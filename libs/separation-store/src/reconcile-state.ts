import { randomUUID } from 'node:crypto';
import { isSeparationId, type SeparationId } from '@app/separations';
import type { RedisConnections } from '@app/redis';
import { StoreScan } from './store-scan.js';

/**
 * What Redis remembers of the store so that the reconciler need not read all of it each time: which separations are
 * in a list, which have ended, and which the look of this time has found. All calls throw RedisUnavailableError.
 */
export class ReconcileState {
  constructor(private readonly connections: RedisConnections) {}

  /** Of these, those that are in no list, and those that have not ended as far as is known; the others are as they were. */
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

  /** Before it is accepted anew: it is looked at again then. */
  async markOpen(id: SeparationId): Promise<void> {
    await this.connections.call((redis) => redis.zrem(this.connections.keys.ended, id));
  }

  /** The longest ended ones first, `limit` at most. */
  async endedBefore(date: Date, limit: number): Promise<SeparationId[]> {
    const { ended } = this.connections.keys;
    const ids = await this.connections.call((redis) =>
      redis.zrangebyscore(ended, '-inf', date.getTime(), 'LIMIT', 0, limit),
    );
    return ids.filter(isSeparationId);
  }

  /** Where Redis was wiped or started anew it may have lost the last it was told: nothing counts as ended then. */
  async distrustAfterRestart(): Promise<void> {
    const { reconciled, ended } = this.connections.keys;
    await this.connections.call(async (redis) => {
      // one that does not tell is never trusted
      const run = /^run_id:(\S+)/m.exec(await redis.info('server'))?.[1] ?? randomUUID();
      if ((await redis.get(reconciled)) === run) return;
      await redis.del(ended);
      // before the look at the store: a wipe in the middle of it takes the mark away, and another look follows
      await redis.set(reconciled, run);
    });
  }

  /** Whether Redis was not wiped since the last look at the store. */
  async isTrusted(): Promise<boolean> {
    return (await this.connections.call((redis) => redis.exists(this.connections.keys.reconciled))) === 1;
  }

  /** Begins to note what the store has. */
  beginScan(): StoreScan {
    return new StoreScan(this.connections, this.connections.keys.present(randomUUID()));
  }
}
