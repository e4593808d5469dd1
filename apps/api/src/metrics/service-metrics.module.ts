import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module.js';
import { UploadsModule } from '../uploads/uploads.module.js';
import { MetricsPort } from './metrics-port.js';
import { ServiceMetrics } from './service-metrics.js';

@Module({ imports: [EventsModule, UploadsModule], providers: [ServiceMetrics, MetricsPort] })
export class ServiceMetricsModule {}
