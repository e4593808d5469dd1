import { Module, type DynamicModule } from '@nestjs/common';
import type { Ffmpeg } from '@app/audio';
import { withTimeout } from '@app/concurrency';
import type { ApiConfig } from '@app/config';
import { LoggingModule, type Logger } from '@app/logging';
import { MetricsModule } from '@app/metrics';
import { QueueModule } from '@app/queue';
import { RedisConnections, RedisModule } from '@app/redis';
import { SeparationStoreModule } from '@app/separation-store';
import { checkScratch, DegradedError, HealthController, lately, Readiness, type Ping } from '@app/server';
import { ObjectStore, StorageModule, WrongStoreError } from '@app/storage';
import { TracingModule } from '@app/tracing';
import { AccessModule } from './access/access.module.js';
import type { KeyRing } from './access/key-ring.js';
import { AccountModule } from './account/account.module.js';
import { AnalysisModule } from './analysis/analysis.module.js';
import { Apiv1Module } from './apiv1/apiv1.module.js';
import { AudioModule } from './audio/audio.module.js';
import { ApiConfigModule } from './config/api-config.module.js';
import { EventsModule } from './events/events.module.js';
import { ServiceMetricsModule } from './metrics/service-metrics.module.js';
import { MediaModule } from './media/media.module.js';
import { ModelsModule } from './models/models.module.js';
import { PageModule } from './page/page.module.js';
import { OUTSIDE_MS } from './problems/outages.js';
import { ReconcilerModule } from './reconciler/reconciler.module.js';
import { SeparationsModule } from './separations/separations.module.js';
import { SubmissionsModule } from './submissions/submissions.module.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';

/** Created before the app: the server does not start without them. */
export interface Foundations {
  readonly config: ApiConfig;
  readonly logger: Logger;
  readonly keys: KeyRing;
  readonly ffmpeg: Ffmpeg;
}

@Module({})
export class AppModule {
  static forRoot({ config, logger, keys, ffmpeg }: Foundations): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ApiConfigModule.forRoot(config),
        LoggingModule.forRoot(logger),
        TracingModule.forRoot({
          config: config.tracing,
          service: 'rest-server',
          tell: (message) => logger.warn(message),
        }),
        StorageModule.forRoot(config.storage),
        RedisModule.forRoot(config.redis),
        SeparationStoreModule.forRoot({ callTimeoutMs: OUTSIDE_MS, lockWaitMs: OUTSIDE_MS }),
        QueueModule.forRoot(config.modelQueues),
        MetricsModule.forRoot('rest-server'),
        AudioModule.forRoot(ffmpeg),
        AccessModule.forRoot(keys),
        SubmissionsModule,
        SeparationsModule,
        EventsModule,
        MediaModule,
        AnalysisModule,
        WebhooksModule,
        ReconcilerModule,
        ModelsModule,
        AccountModule,
        ServiceMetricsModule,
        ...(config.http.compatApi === 'lab7' ? [Apiv1Module] : []),
        PageModule,
      ],
      controllers: [HealthController],
      providers: [
        {
          provide: Readiness,
          useFactory: (redis: RedisConnections, store: ObjectStore) =>
            readiness({ redis, store, keys, ffmpeg, scratchDir: config.scratchDir }),
          inject: [RedisConnections, ObjectStore],
        },
      ],
    };
  }
}

/** shorter than the limit of the whole check, which a slow disk or a slow start of ffmpeg must not fail */
const OWN_MS = 1000;

interface Dependencies extends Pick<Foundations, 'keys' | 'ffmpeg'> {
  readonly redis: RedisConnections;
  readonly store: ObjectStore;
  readonly scratchDir: string;
}

function readiness({ redis, store, keys, ffmpeg, scratchDir }: Dependencies): Readiness {
  return new Readiness({
    ffmpeg: lately(() => withTimeout(OWN_MS, (signal) => ffmpeg.ping({ signal })).catch(degraded)),
    scratch: () => withTimeout(OWN_MS, () => checkScratch(scratchDir)).catch(degraded),
    redis: (signal) => redis.ping(signal),
    store: (signal) => store.ping({ signal }).catch(unavailable),
    ...(keys.needed ? { keys: checkKeys(keys) } : {}),
  });
}

/** A wrong line shuts out its own key only. The server that takes itself out for it would shut out everybody. */
function checkKeys(keys: KeyRing): Ping {
  return () => {
    const { problem, isReadable } = keys;
    if (problem === undefined) return Promise.resolve();
    return Promise.reject(isReadable ? new DegradedError(problem) : new Error(problem));
  };
}

/** Uploads, formats made on demand and mixes have codes of their own. Everything that is stored can still be served. */
function degraded(error: Error): never {
  throw new DegradedError(error.message);
}

/** Anyone may ask, and the store's own reason may name its address. */
function unavailable(error: unknown): never {
  // what an operator must do stands in it, and no address
  if (error instanceof WrongStoreError) throw error;
  throw new Error('the object store is not available');
}
