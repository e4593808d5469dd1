import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Ffmpeg, resolveFfmpeg } from '@app/audio';
import type { WorkerConfig } from '@app/config';
import { LoggingModule, type Logger } from '@app/logging';
import { MetricsModule, Registry } from '@app/metrics';
import { QueueModule } from '@app/queue';
import { RedisConnections, RedisModule } from '@app/redis';
import { ThroughputStats, WorkerPresence } from '@app/fleet';
import { ObjectStore, StorageModule } from '@app/storage';
import { Module, type DynamicModule } from '@nestjs/common';
import { Announcer } from './announcer.js';
import { EngineReporter } from './engine-reporter.js';
import { EngineClient } from './engine/engine.client.js';
import { HealthController, Readiness } from '@app/server';
import { WorkerMetrics } from './metrics/worker-metrics.js';
import { Scratch } from './separation/scratch.js';
import { SeparationProcessor } from './separation/separation.processor.js';
import { Semaphore } from '@app/concurrency';
import { WorkerService } from './worker.service.js';

@Module({})
export class WorkerModule {
  /** @param scratch of this process; opened, and guarded, before the app */
  static forRoot(config: WorkerConfig, logger: Logger, scratch: Scratch): DynamicModule {
    return {
      module: WorkerModule,
      imports: [
        LoggingModule.forRoot(logger),
        MetricsModule.forRoot('worker-server'),
        RedisModule.forRoot(config.redis),
        QueueModule,
        StorageModule.forRoot(config.storage),
      ],
      controllers: [HealthController],
      providers: [
        {
          provide: Ffmpeg,
          useFactory: async () => new Ffmpeg(await resolveFfmpeg(config.audio)),
        },
        {
          provide: WorkerMetrics,
          useFactory: (registry: Registry) => new WorkerMetrics(registry),
          inject: [Registry],
        },
        {
          provide: WorkerService,
          useFactory: assemble(config, logger, scratch),
          inject: [RedisConnections, WorkerPresence, ThroughputStats, ObjectStore, Ffmpeg, WorkerMetrics],
        },
        { provide: Readiness, useFactory: readiness, inject: [WorkerService, RedisConnections, ObjectStore] },
      ],
    };
  }
}

function readiness({ engine }: WorkerService, redis: RedisConnections, store: ObjectStore): Readiness {
  return new Readiness({
    engine: () => engine.ping(),
    redis: (signal) => redis.ping(signal),
    store: (signal) => store.ping({ signal }),
  });
}

type Assemble = (
  connections: RedisConnections,
  registry: WorkerPresence,
  speeds: ThroughputStats,
  store: ObjectStore,
  ffmpeg: Ffmpeg,
  metrics: WorkerMetrics,
) => WorkerService;

function assemble(config: WorkerConfig, logger: Logger, scratch: Scratch): Assemble {
  return (connections, registry, speeds, store, ffmpeg, metrics) => {
    const engine = new EngineClient(
      config.engine,
      new EngineReporter(logger, metrics, (state) => {
        service.engineBecame(state);
      }),
    );
    const workerId = `${hostname()}-${randomUUID().slice(0, 8)}`;
    const announcer = new Announcer(workerId, registry, speeds, () => engine.state, logger);
    const processor = new SeparationProcessor({
      store,
      ffmpeg,
      engine,
      enginePermits: new Semaphore(config.concurrency),
      scratch,
      limits: config.limits,
      logger,
      onCompleted: (manifest) => {
        metrics.completed(manifest);
        announcer.measured(manifest);
      },
    });
    const service: WorkerService = new WorkerService({
      config,
      connections,
      store,
      engine,
      processor,
      announcer,
      scratch,
      metrics,
      logger,
    });
    return service;
  };
}
