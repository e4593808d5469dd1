import { Injectable } from '@nestjs/common';
import { allReplies, RedisConnections } from '@app/redis';
import type { SeparationId } from '@app/separations';
import { formatRef, parseRef, type DeliveryRef, type WebhookRef } from './delivery-ref.js';

// KEYS of each script: the deliveries of a webhook, all webhooks. ARGV[1]: the webhook.

/** keeps a webhook at the time of its first delivery */
const UPDATE = `
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if first[2] then redis.call('ZADD', KEYS[2], first[2], ARGV[1]) else redis.call('ZREM', KEYS[2], ARGV[1]) end`;

/** ARGV[2]: a delivery, ARGV[3]: when it is due */
const SET = `redis.call('ZADD', KEYS[1], ARGV[3], ARGV[2])${UPDATE}`;

/** ARGV[2]: a delivery */
const REMOVE = `redis.call('ZREM', KEYS[1], ARGV[2])${UPDATE}`;

/** ARGV[2]: now, ARGV[3]: when it is due again if whoever takes it dies. Returns the delivery, if one is due. */
const TAKE = `
local found = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[2], 'LIMIT', 0, 1)
if not found[1] then return false end
redis.call('ZADD', KEYS[1], ARGV[3], found[1])${UPDATE}
return found[1]`;

/** deliveries that one call to Redis asks for */
const ASKED_AT_ONCE = 1000;

/** webhooks that one look at the schedule takes in */
export const DUE_AT_ONCE = 500;

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
    await this.eval(SET, ref, ref.n, at);
  }

  async remove(ref: DeliveryRef): Promise<void> {
    await this.eval(REMOVE, ref, ref.n);
  }

  /** Deliveries of one webhook that are scheduled. */
  async count(webhook: WebhookRef): Promise<number> {
    return this.connections.call((redis) => redis.zcard(this.connections.keys.deliveries(formatRef(webhook))));
  }

  /** Deliveries of all webhooks that are scheduled. */
  async countAll(): Promise<number> {
    const { keys } = this.connections;
    return this.connections.call(async (redis) => {
      const counts = redis.pipeline();
      for (const name of await redis.zrange(keys.webhooksByDelivery, '0', '-1')) counts.zcard(keys.deliveries(name));
      return allReplies(await counts.exec()).reduce<number>((sum, count) => sum + Number(count), 0);
    });
  }

  /** When the first of all attempts is due; undefined if there is none. */
  async firstDue(): Promise<number | undefined> {
    const { webhooksByDelivery } = this.connections.keys;
    const [, at] = await this.connections.call((redis) => redis.zrange(webhooksByDelivery, '0', '0', 'WITHSCORES'));
    return at === undefined ? undefined : Number(at);
  }

  /** Of the deliveries of one webhook, those that are not scheduled. */
  async missing(webhook: WebhookRef, refs: readonly DeliveryRef[]): Promise<DeliveryRef[]> {
    const key = this.connections.keys.deliveries(formatRef(webhook));
    const missing: DeliveryRef[] = [];
    for (let from = 0; from < refs.length; from += ASKED_AT_ONCE) {
      const asked = refs.slice(from, from + ASKED_AT_ONCE);
      const times = await this.connections.call((redis) => redis.zmscore(key, ...asked.map(({ n }) => n)));
      missing.push(...asked.filter((_, at) => (times[at] ?? null) === null));
    }
    return missing;
  }

  /**
   * Webhooks with something that is due, the longest first: at most `DUE_AT_ONCE`.
   * @param from how many to leave out
   */
  async dueWebhooks(now: number, from = 0): Promise<WebhookRef[]> {
    const key = this.connections.keys.webhooksByDelivery;
    const call = this.connections.call((redis) => redis.zrangebyscore(key, '-inf', now, 'LIMIT', from, DUE_AT_ONCE));
    return (await call).map(parseRef);
  }

  /** The longest due delivery of a webhook, for the caller: no other server tries it until `until`. */
  async take(webhook: WebhookRef, now: number, until: number): Promise<DeliveryRef | undefined> {
    const n = await this.eval(TAKE, webhook, now, until);
    return typeof n === 'string' ? { ...webhook, n } : undefined;
  }

  /** Whether no other server is telling of this ending: all of them hear of it at once. */
  async announceFirst(id: SeparationId, at: string): Promise<boolean> {
    const key = this.connections.keys.announcing(id, at);
    return (await this.connections.call((redis) => redis.set(key, '', 'PX', ANNOUNCING_MS, 'NX'))) === 'OK';
  }

  private eval(script: string, webhook: WebhookRef, ...args: (string | number)[]): Promise<unknown> {
    const { keys } = this.connections;
    const name = formatRef(webhook);
    return this.connections.call((redis) =>
      redis.eval(script, 2, keys.deliveries(name), keys.webhooksByDelivery, name, ...args),
    );
  }
}
