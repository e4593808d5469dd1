import { Injectable } from '@nestjs/common';
import { RedisConnections } from '@app/redis';
import type { SeparationId } from '@app/separations';
import { formatRef, parseRef, type DeliveryRef } from './delivery-ref.js';

/** KEYS: the schedule. ARGV: a delivery, now, when it is due again if whoever takes it dies. 1 if it was due. */
const TAKE = `
local at = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not at or tonumber(at) > tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
return 1`;

/** shorter than the reconciler's interval, which tells of an ending again, ms */
const ANNOUNCING_MS = 30_000;

/**
 * When the next attempt of each delivery is, for all servers. The store knows it as well: a sweep schedules what is
 * missing here. Times are milliseconds since 1970. Every method throws RedisUnavailableError.
 */
@Injectable()
export class DeliverySchedule {
  constructor(private readonly connections: RedisConnections) {}

  async set(ref: DeliveryRef, at: number): Promise<void> {
    await this.connections.call((redis) => redis.zadd(this.key, at, formatRef(ref)));
  }

  async remove(ref: DeliveryRef): Promise<void> {
    await this.connections.call((redis) => redis.zrem(this.key, formatRef(ref)));
  }

  /** Of these, the ones that are not scheduled. */
  async missing(refs: readonly DeliveryRef[]): Promise<DeliveryRef[]> {
    if (refs.length === 0) return [];
    const times = await this.connections.call((redis) => redis.zmscore(this.key, ...refs.map(formatRef)));
    return refs.filter((_, at) => (times[at] ?? null) === null);
  }

  /** What is due, the longest first. */
  async due(now: number, limit: number): Promise<DeliveryRef[]> {
    const found = await this.connections.call((redis) => redis.zrangebyscore(this.key, '-inf', now, 'LIMIT', 0, limit));
    return found.map(parseRef);
  }

  /** Whether the caller may try it now: no other server does until `until`. */
  async take(ref: DeliveryRef, now: number, until: number): Promise<boolean> {
    const reply = await this.connections.call((redis) => redis.eval(TAKE, 1, this.key, formatRef(ref), now, until));
    return reply === 1;
  }

  /** Whether no other server is telling of this ending: all of them hear of it at once. */
  async announceFirst(id: SeparationId, at: string): Promise<boolean> {
    const key = this.connections.keys.announcing(id, at);
    return (await this.connections.call((redis) => redis.set(key, '', 'PX', ANNOUNCING_MS, 'NX'))) === 'OK';
  }

  private get key(): string {
    return this.connections.keys.deliveries;
  }
}
