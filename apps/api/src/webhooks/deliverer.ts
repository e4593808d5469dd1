import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { withTimeout } from '@app/concurrency';
import { RedisConnections, RedisUnavailableError } from '@app/redis';
import type { DeliveryAttempt, StoredDelivery, StoredWebhook } from '@app/separations';
import { KeyRing } from '../access/key-ring.js';
import { Clock } from './clock.js';
import { messageId, type DeliveryRef, type WebhookRef } from './delivery-ref.js';
import { DeliverySchedule, DUE_AT_ONCE } from './delivery-schedule.js';
import { DueDeliveries } from './due-deliveries.js';
import { omit } from './omit.js';
import { nextAttemptAt } from './retry-schedule.js';
import { Sender } from './sender.js';
import { webhookLock } from './webhook-lock.js';
import { WebhookStore } from './webhook-store.js';
import { withAttempt } from './with-attempt.js';

/** between two looks at the schedule, ms */
const LOOK_MS = 500;
const AT_ONCE = 16;
/** a receiver that does not answer keeps no more than these from the others */
const AT_ONCE_TO_ONE = 2;
/** nor do all receivers of one owner */
const AT_ONCE_OF_OWNER = 4;
/** after which another server tries again, if this one dies; longer than an attempt, ms */
const TAKEN_MS = 60_000;
const LOCK_WAIT_MS = 5000;
/** between two writes of a webhook's `lastDeliveredAt`, ms */
const NOTED_EVERY_MS = 60_000;
/** for the attempts under way when the server stops, ms */
const END_MS = 3000;

/**
 * Delivers what is due. Every rest-server does; the schedule gives each attempt to one of them. What is written in the
 * store counts: an attempt that was not written is made again.
 */
@Injectable()
export class Deliverer implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('webhooks');
  private readonly ending = new AbortController();
  /** attempts under way, by webhook and by owner */
  private readonly running = new Map<string, number>();
  /** the owner that was served last */
  private last = '';
  /** webhooks that the next look leaves out: each look goes on where the last one ended, so that none starves */
  private from = 0;
  private readonly attempts = new Set<Promise<void>>();
  private watching: Promise<void> | undefined;

  constructor(
    private readonly webhooks: WebhookStore,
    private readonly schedule: DeliverySchedule,
    private readonly sender: Sender,
    private readonly connections: RedisConnections,
    private readonly clock: Clock,
    private readonly due: DueDeliveries,
    private readonly keys: KeyRing,
  ) {}

  onApplicationBootstrap(): void {
    this.watching = this.watch();
  }

  async onModuleDestroy(): Promise<void> {
    this.ending.abort();
    await this.watching;
    await withTimeout(END_MS, () => this.idle()).catch(() => undefined);
  }

  /** Starts what is due and has room, and tells how many attempts that were. @throws RedisUnavailableError */
  async look(): Promise<number> {
    if (this.attempts.size >= AT_ONCE) return 0;
    const now = this.clock.now();
    const found = await this.schedule.dueWebhooks(now, this.from);
    this.from = found.length < DUE_AT_ONCE ? 0 : this.from + DUE_AT_ONCE;
    const waiting = byOwner(found);
    let started = 0;
    while (waiting.size > 0) {
      for (const owner of this.inTurn([...waiting.keys()])) {
        if (this.attempts.size >= AT_ONCE) return started;
        const ref = await this.take(owner, waiting.get(owner) ?? [], now);
        if (ref === undefined) waiting.delete(owner);
        else {
          this.start(ref);
          this.last = owner;
          started += 1;
        }
      }
    }
    return started;
  }

  /** Resolves when no attempt is under way. */
  async idle(): Promise<void> {
    while (this.attempts.size > 0) await Promise.all(this.attempts);
  }

  /** Schedules what the store has and the schedule lacks, and removes what was left of removed webhooks. */
  async sweep(signal: AbortSignal): Promise<void> {
    for await (const ref of this.webhooks.all(signal)) {
      await this.sweepOne(ref, signal).catch((error: unknown) => {
        signal.throwIfAborted();
        if (error instanceof RedisUnavailableError) throw error;
        // one webhook must not keep the others from what is theirs
        this.logger.warn(`${ref.webhookId} is looked at again later: ${reasonOf(error)}`);
      });
    }
  }

  private async sweepOne(ref: WebhookRef, signal: AbortSignal): Promise<void> {
    if (!(await this.webhooks.exists(ref))) return this.webhooks.remove(ref);
    const due: DeliveryRef[] = [];
    for await (const one of this.webhooks.due(ref, signal)) due.push(one);
    for (const missing of await this.schedule.missing(ref, due)) {
      const at = (await this.webhooks.delivery(missing))?.nextAttemptAt;
      await this.schedule.set(missing, at === undefined ? this.clock.now() : Date.parse(at));
    }
  }

  /** The owner with the least at work first, then the one whose turn is longest ago. */
  private inTurn(owners: readonly string[]): string[] {
    const sorted = owners.toSorted();
    const next = sorted.findIndex((owner) => owner > this.last);
    const rotated = next === -1 ? sorted : [...sorted.slice(next), ...sorted.slice(0, next)];
    return rotated.sort((a, b) => this.at(a) - this.at(b));
  }

  /** What is due at the receiver that has the least to do. */
  private async take(owner: string, webhooks: readonly WebhookRef[], now: number): Promise<DeliveryRef | undefined> {
    if (this.at(owner) >= AT_ONCE_OF_OWNER) return undefined;
    const free = webhooks.filter(({ webhookId }) => this.at(webhookId) < AT_ONCE_TO_ONE);
    for (const webhook of free.sort((a, b) => this.at(a.webhookId) - this.at(b.webhookId))) {
      const ref = await this.schedule.take(webhook, now, now + TAKEN_MS);
      if (ref !== undefined) return ref;
    }
    return undefined;
  }

  private at(name: string): number {
    return this.running.get(name) ?? 0;
  }

  private async watch(): Promise<void> {
    const { signal } = this.ending;
    while (!signal.aborted) {
      await this.look().catch((error: unknown) => {
        this.logger.debug(`interrupted: ${reasonOf(error)}`);
      });
      await pause(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  private start(ref: DeliveryRef): void {
    this.count(ref, 1);
    const attempt = this.attempt(ref)
      .catch((error: unknown) => {
        if (this.ending.signal.aborted) return;
        this.logger.warn(`a delivery is tried again: ${reasonOf(error)}`);
      })
      .finally(() => {
        this.count(ref, -1);
        this.attempts.delete(attempt);
      });
    this.attempts.add(attempt);
  }

  private count({ owner, webhookId }: WebhookRef, change: 1 | -1): void {
    for (const name of [owner, webhookId]) {
      const left = this.at(name) + change;
      if (left === 0) this.running.delete(name);
      else this.running.set(name, left);
    }
  }

  private async attempt(ref: DeliveryRef): Promise<void> {
    const [webhook, delivery] = await Promise.all([this.webhooks.find(ref), this.webhooks.delivery(ref)]);
    if (webhook === undefined || delivery?.status !== 'due') return this.due.forget(ref);
    const isOff = webhook.disabled !== undefined && !delivery.isTrial;
    if (isOff) return this.due.end(ref, { ...delivery, status: 'failed' });
    const body = await this.webhooks.body(ref);
    if (body === undefined) return this.due.end(ref, { ...delivery, status: 'failed' });
    const message = { id: messageId(delivery), body };
    const { callbackUrl } = delivery;
    const target = callbackUrl === undefined ? webhook : { url: callbackUrl };
    const attempt = this.keys.hasOwner(webhook.owner)
      ? await this.sender.send(target, message, this.ending.signal)
      : this.withoutKey();
    await this.record(ref, webhook, withAttempt(delivery, attempt), attempt);
  }

  private withoutKey(): DeliveryAttempt {
    const at = new Date(this.clock.now()).toISOString();
    return {
      at,
      seconds: 0,
      outcome: 'no_key',
      detail: 'It was not sent, because no valid access key owns the webhook.',
    };
  }

  private async record(
    ref: DeliveryRef,
    webhook: StoredWebhook,
    delivery: StoredDelivery,
    { outcome, detail }: DeliveryAttempt,
  ): Promise<void> {
    this.logger.log(`${delivery.event} ${outcome}: ${webhook.id}`, { separationId: delivery.separationId, detail });
    if (outcome === 'delivered') {
      await this.noteDelivered(ref, webhook);
      return this.due.end(ref, { ...delivery, status: 'delivered' });
    }
    const since = Date.parse(delivery.since);
    const failed = delivery.attempts.filter(({ at }) => Date.parse(at) >= since).length;
    const next = delivery.isTrial ? undefined : nextAttemptAt(since, failed, this.clock.now());
    if (next !== undefined) {
      await this.webhooks.writeDelivery(ref, { ...delivery, nextAttemptAt: new Date(next).toISOString() });
      return this.schedule.set(ref, next);
    }
    // without a key, the receiver was not asked all day
    const isAsked = delivery.attempts.every((attempt) => attempt.outcome !== 'no_key');
    // each callback is a call of its own, and is tried for its own day
    const isForWebhook = !delivery.isTrial && delivery.callbackUrl === undefined;
    if (isAsked && isForWebhook) await this.disable(ref, since, detail);
    return this.due.end(ref, { ...delivery, status: 'failed' });
  }

  /** Enables the webhook, and writes that it accepts deliveries. */
  private async noteDelivered(ref: WebhookRef, { disabled, lastDeliveredAt }: StoredWebhook): Promise<void> {
    const now = this.clock.now();
    const isNoted = lastDeliveredAt !== undefined && now - Date.parse(lastDeliveredAt) < NOTED_EVERY_MS;
    if (isNoted && disabled === undefined) return;
    await this.change(ref, (current) => ({
      ...omit(current, 'disabled'),
      lastDeliveredAt: new Date(now).toISOString(),
    }));
  }

  /** Disables a webhook that accepted nothing since then, in milliseconds since 1970. */
  private async disable(ref: WebhookRef, since: number, detail: string): Promise<void> {
    const reason = `Nothing was accepted for 24 h. The last attempt: ${detail}`;
    const disabled = { at: new Date(this.clock.now()).toISOString(), reason };
    await this.change(ref, (current) => {
      const { lastDeliveredAt } = current;
      const acceptsOthers = lastDeliveredAt !== undefined && Date.parse(lastDeliveredAt) >= since;
      return acceptsOthers ? current : { ...current, disabled: current.disabled ?? disabled };
    });
  }

  /** Changes a webhook unless it was removed meanwhile. */
  private async change(ref: WebhookRef, change: (webhook: StoredWebhook) => StoredWebhook): Promise<void> {
    const lock = webhookLock(this.connections, ref.webhookId);
    if (!(await lock.acquireWithin(LOCK_WAIT_MS))) throw new Error(`another server is changing ${ref.webhookId}`);
    await lock.holdWhile(async () => {
      const webhook = await this.webhooks.find(ref);
      if (webhook !== undefined) await this.webhooks.write(change(webhook));
    });
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function byOwner(webhooks: readonly WebhookRef[]): Map<string, WebhookRef[]> {
  const owners = new Map<string, WebhookRef[]>();
  for (const webhook of webhooks) owners.set(webhook.owner, [...(owners.get(webhook.owner) ?? []), webhook]);
  return owners;
}
