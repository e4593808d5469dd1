import { Module } from '@nestjs/common';
import type { ApiConfig } from '@app/config';
import { AddressRanges, OutboundClient } from '@app/outbound';
import { API_CONFIG } from '../config/api-config.module.js';
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
import { WebhooksController } from './webhooks.controller.js';
import { WebhooksService } from './webhooks.service.js';

/** for an answer of a receiver, ms */
const TIMEOUT_MS = 10_000;

/** Calls other systems when separations end. */
@Module({
  controllers: [WebhooksController],
  providers: [
    {
      provide: OutboundClient,
      useFactory: ({ outbound }: ApiConfig) =>
        new OutboundClient({ allowed: AddressRanges.parse(outbound.webhookAllow), timeoutMs: TIMEOUT_MS }),
      inject: [API_CONFIG],
    },
    {
      provide: Sender,
      useFactory: (client: OutboundClient, clock: Clock, metrics: WebhookMetrics) => new Sender(client, clock, metrics),
      inject: [OutboundClient, Clock, WebhookMetrics],
    },
    Clock,
    WebhookStore,
    DeliverySchedule,
    DueDeliveries,
    WebhookMetrics,
    Announcer,
    CallbackReceivers,
    Callbacks,
    Deliverer,
    WebhooksService,
  ],
  exports: [Announcer, Callbacks, Deliverer],
})
export class WebhooksModule {}
