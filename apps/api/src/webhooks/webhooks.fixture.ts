// the parts of webhooks as one server has them, for specs.
import { OutboundClient } from '@app/outbound';
import { JobEvents } from '@app/queue';
import type { RedisConnections } from '@app/redis';
import type { SeparationStore } from '@app/separation-store';
import type { ObjectStore } from '@app/storage';
import { KeyRing } from '../access/key-ring.js';
import { Announcer } from './announcer.js';
import { Clock } from './clock.js';
import { Deliverer } from './deliverer.js';
import { DeliverySchedule } from './delivery-schedule.js';
import { Sender } from './sender.js';
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
  readonly deliverer: Deliverer;
  readonly separations: SeparationStore;
  readonly service: WebhooksService;
  readonly store: WebhookStore;
  readonly clock: MovedClock;
}

export function webhookParts(
  objects: ObjectStore,
  separations: SeparationStore,
  connections: RedisConnections,
  client: OutboundClient,
  keys = new KeyRing(undefined),
): WebhookParts {
  const [store, schedule, clock] = [new WebhookStore(objects), new DeliverySchedule(connections), new MovedClock()];
  return {
    announcer: new Announcer(store, schedule, separations, new JobEvents(connections), clock, keys),
    deliverer: new Deliverer(store, schedule, new Sender(client, clock), connections, clock),
    separations,
    service: new WebhooksService(store, schedule, client, connections, clock),
    store,
    clock,
  };
}
