import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { JobEvents } from '@app/queue';
import { endingOf, SeparationStore, type Ending, type StoredSeparation } from '@app/separation-store';
import {
  webhookEvent,
  type SeparationId,
  type StoredCallback,
  type StoredDelivery,
  type StoredWebhook,
  type WebhookBody,
  type WebhookEvent,
} from '@app/separations';
import { ProblemError } from '../problems/problem.error.js';
import { separationView } from '../separations/separation-view.js';
import { Clock } from './clock.js';
import { CallbackReceivers } from './callback-receivers.js';
import { callbackName, deliveryName, ownerFolder, type DeliveryRef } from './delivery-ref.js';
import { DeliverySchedule } from './delivery-schedule.js';
import { DueDeliveries } from './due-deliveries.js';
import { WebhookStore } from './webhook-store.js';

/** by how much the clocks of workers and servers may differ: rather one event too many, ms */
const CLOCKS_DIFFER_MS = 10_000;

/** nobody waits for an answer, ms */
const READ_TIMEOUT_MS = 10_000;

/** An ending, for one receiver. */
interface Told {
  readonly event: WebhookEvent;
  readonly separationId: SeparationId;
  /** when it ended, ISO 8601 */
  readonly at: string;
  readonly body: string;
  /** what its caller asked for in place of a webhook */
  readonly callback?: StoredCallback;
}

/**
 * Makes a delivery for each webhook when a separation ends. It hears of endings from the queue, at once. The reconciler
 * reads every separation after its end as well, and announces it before it notes the end: none is forgotten when a
 * process dies in between.
 */
@Injectable()
export class Announcer implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('webhooks');
  private readonly running = new Set<Promise<void>>();
  private readonly closing = new AbortController();

  constructor(
    private readonly webhooks: WebhookStore,
    private readonly schedule: DeliverySchedule,
    private readonly separations: SeparationStore,
    private readonly events: JobEvents,
    private readonly clock: Clock,
    private readonly due: DueDeliveries,
    private readonly receivers: CallbackReceivers,
  ) {}

  onApplicationBootstrap(): void {
    this.events.onEnd((id) => {
      this.soon(id);
    });
    // without a job: cancelled while it waited, or its failure was found later
    this.separations.listeners.onEnded(({ request }) => {
      this.soon(request.id);
    });
    this.separations.listeners.beforeRemoval(async (id, owner) => {
      for (const ref of await this.webhooks.forget(owner, id)) await this.schedule.remove(ref);
    });
  }

  async onModuleDestroy(): Promise<void> {
    this.closing.abort();
    await Promise.all(this.running);
  }

  /**
   * Makes the deliveries that an ended separation lacks. It may run twice.
   * @throws StorageUnavailableError, RedisUnavailableError
   * @throws ProblemError busy or queue_unavailable
   */
  async announce(stored: StoredSeparation): Promise<void> {
    const { request } = stored;
    const ending = endingOf(stored);
    if (ending === undefined) return;
    const event = webhookEvent(ending.status);
    const told = (await this.webhooks.ofOwner(request.owner)).filter((webhook) => isFor(webhook, event, ending));
    const callbacks = ending.status === 'completed' ? await this.webhooks.callbacks(request.id) : [];
    if (told.length + callbacks.length === 0) return;
    if (!(await this.webhooks.isAnnounced(request.id, ending.at))) {
      const data = separationView(stored, undefined);
      const body = JSON.stringify({ type: event, timestamp: ending.at, data } satisfies WebhookBody);
      for (const webhook of told) await this.deliver(webhook, { event, separationId: request.id, at: ending.at, body });
      await this.webhooks.markAnnounced(request.id, ending.at);
    }
    // one that was asked for after the end may have been left by a process that died
    for (const callback of callbacks) {
      await this.callBackIfRoom(stored, ending, callback);
      await this.webhooks.removeCallback(request.id, callback);
    }
  }

  /**
   * Makes the delivery of a callback.
   * @param often `again`: also if it was delivered before
   * @throws StorageUnavailableError, RedisUnavailableError
   * @throws ProblemError too_many_webhooks, busy or queue_unavailable
   */
  async callBack(
    { request: { owner, id: separationId } }: StoredSeparation,
    { at }: Ending,
    callback: StoredCallback,
    often: 'once' | 'again',
  ): Promise<void> {
    const receiver = await this.receivers.at(owner, callback.url);
    const event = webhookEvent('completed');
    await this.deliver(receiver, { event, separationId, at, body: callback.body, callback }, often);
  }

  /** There was room when it was asked for: after a day without deliveries, its receiver may have given way to others. */
  private async callBackIfRoom(stored: StoredSeparation, ending: Ending, callback: StoredCallback): Promise<void> {
    try {
      await this.callBack(stored, ending, callback, 'once');
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code !== 'too_many_webhooks') throw error;
      this.logger.warn(`a callback is dropped: ${error.message}`, { separationId: stored.request.id });
    }
  }

  private async deliver(
    { owner, id: webhookId }: StoredWebhook,
    { event, separationId, at, body, callback }: Told,
    often: 'once' | 'again' = 'once',
  ): Promise<void> {
    const n = deliveryName(separationId, at, callback && callbackName(callback));
    const ref: DeliveryRef = { owner: ownerFolder(owner), webhookId, n };
    const known = await this.webhooks.delivery(ref);
    // made before a process died: due, or ended already
    if (known !== undefined && known.status !== 'due' && often === 'once') return;
    const createdAt = new Date(this.clock.now()).toISOString();
    const due = { status: 'due', nextAttemptAt: createdAt, since: createdAt, isTrial: false } as const;
    const made: StoredDelivery = {
      ...{ n, event, separationId, createdAt, attempts: [] },
      ...due,
      ...(callback && { callbackUrl: callback.url }),
    };
    const isRepeated = known !== undefined && known.status !== 'due';
    await this.due.add(ref, isRepeated ? { ...known, ...due } : (known ?? made), body);
  }

  private soon(id: SeparationId): void {
    const work = this.announceFirst(id).catch((error: unknown) => {
      this.logger.warn(`its webhooks are told later: ${error instanceof Error ? error.message : String(error)}`, {
        separationId: id,
      });
    });
    this.running.add(work);
    void work.finally(() => this.running.delete(work));
  }

  private async announceFirst(id: SeparationId): Promise<void> {
    const { signal } = this.closing;
    if (signal.aborted) return;
    const stored = await this.separations.find(id, { timeoutMs: READ_TIMEOUT_MS, isForWork: true, signal });
    const ending = stored && endingOf(stored);
    if (stored === undefined || ending === undefined) return;
    if (await this.schedule.announceFirst(id, ending.at)) await this.announce(stored);
  }
}

function isFor(
  { events, disabled, createdAt, isForCallbacks }: StoredWebhook,
  event: WebhookEvent,
  { at }: Ending,
): boolean {
  const isLater = Date.parse(at) >= Date.parse(createdAt) - CLOCKS_DIFFER_MS;
  return isForCallbacks !== true && disabled === undefined && events.includes(event) && isLater;
}
