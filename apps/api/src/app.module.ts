import { Module, type DynamicModule } from '@nestjs/common';
import type { ApiConfig } from '@app/config';
import { LoggingModule, type Logger } from '@app/logging';
import { MetricsModule } from '@app/metrics';
import { QueueModule } from '@app/queue';
import { StorageModule } from '@app/storage';
import { AccessModule } from './access/access.module.js';
import { AudioModule } from './audio/audio.module.js';
import { ApiConfigModule } from './config/api-config.module.js';
import { EventsModule } from './events/events.module.js';
import { HealthModule } from './health/health.module.js';
import { ServiceMetricsModule } from './metrics/service-metrics.module.js';
import { ModelsModule } from './models/models.module.js';
import { PageModule } from './page/page.module.js';
import { ReconcilerModule } from './reconciler/reconciler.module.js';
import { SeparationsModule } from './separations/separations.module.js';
import { SubmissionsModule } from './submissions/submissions.module.js';

@Module({})
export class AppModule {
  static forRoot(config: ApiConfig, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ApiConfigModule.forRoot(config),
        LoggingModule.forRoot(logger),
        StorageModule.forRoot(config.storage),
        QueueModule.forRoot(config.redis),
        MetricsModule.forRoot('rest-server'),
        AudioModule,
        AccessModule,
        SubmissionsModule,
        SeparationsModule,
        EventsModule,
        ReconcilerModule,
        ModelsModule,
        ServiceMetricsModule,
        HealthModule,
        PageModule,
      ],
    };
  }
}
