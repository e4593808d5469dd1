// the parts of webhooks as one server has them, for specs.
import { OutboundClient } from '@app/outbound';
import { Registry } from '@app/metrics';
import { JobEvents } from '@app/queue';
import type { RedisConnections } from '@app/redis';
import type { SeparationStore } from '@app/separation-store';
import type { ObjectStore } from '@app/storage';
import { KeyRing } from '../access/key-ring.js';
import { Announcer } from './announcer.js';
import { CallbackReceivers } from './callback-receivers.js';
import { Callbacks } from './callbacks.js';
import { Clock } from './clock.js';
import { Deliverer } from './deliverer.js';
import { DeliverySchedule } from './delivery-schedule.js';
import { DueDeliveries } from './due-deliveries.js';
import { Sender } from './sender.js';
import { WebhookMetrics } from './webhook-metrics.js';
import { WebhookStore } from './webhook-store.js';
import { WebhooksService } from './webhooks.service.js';

/** A clock that a spec moves. */
export class MovedClock extends Clock {
  private offset = 0;

  move(milliseconds: number): void {
    this.offset += milliseconds;
  }

  override now(): number {
    return super.now() + this.offset;
  }
}

export interface WebhookParts {
  readonly announcer: Announcer;
  readonly callbacks: Callbacks;
  readonly deliverer: Deliverer;
  readonly separations: SeparationStore;
  readonly service: WebhooksService;
  readonly store: WebhookStore;
  readonly clock: MovedClock;
  readonly registry: Registry;
}

export function webhookParts(
  objects: ObjectStore,
  separations: SeparationStore,
  connections: RedisConnections,
  client: OutboundClient,
  keys = new KeyRing(undefined),
): WebhookParts {
  const [store, schedule, clock] = [new WebhookStore(objects), new DeliverySchedule(connections), new MovedClock()];
  const registry = new Registry();
  const metrics = new WebhookMetrics(registry, schedule, clock);
  const due = new DueDeliveries(store, schedule, clock, metrics);
  const receivers = new CallbackReceivers(store, connections, clock);
  const announcer = new Announcer(store, schedule, separations, new JobEvents(connections), clock, due, receivers);
  return {
    announcer,
    callbacks: new Callbacks(store, announcer, receivers, separations),
    deliverer: new Deliverer(store, schedule, new Sender(client, clock, metrics), connections, clock, due, keys),
    registry,
    separations,
    service: new WebhooksService(store, schedule, client, connections, clock),
    store,
    clock,
  };
}
