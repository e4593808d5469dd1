import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Ffmpeg, resolveFfmpeg } from '@app/audio';
import { Semaphore } from '@app/concurrency';
import type { WorkerConfig } from '@app/config';
import { ThroughputStats, WorkerPresence } from '@app/fleet';
import { LoggingModule, type Logger } from '@app/logging';
import { MetricsModule, Registry } from '@app/metrics';
import { AnalysisQueue, ListenSignals, PreviewBoard, QueueModule, SeparationQueue } from '@app/queue';
import { RedisConnections, RedisModule } from '@app/redis';
import { SeparationStore, SeparationStoreModule } from '@app/separation-store';
import { HealthController, lately, Readiness } from '@app/server';
import { ObjectStore, StorageModule } from '@app/storage';
import { TracingModule } from '@app/tracing';
import { Module, type DynamicModule } from '@nestjs/common';
import { AnalysisProcessor } from './analysis/analysis.processor.js';
import { EngineTelemetry } from './engine-telemetry.js';
import { EngineClient } from './engine/engine.client.js';
import { engineConfigs, Engines } from './engine/engines.js';
import { WorkerMetrics } from './metrics/worker-metrics.js';
import { PreviewPublisher } from './preview/preview-publisher.js';
import { PresenceAnnouncer } from './presence-announcer.js';
import { Scratch } from './separation/scratch.js';
import { SeparationProcessor } from './separation/separation.processor.js';
import { WorkerService } from './worker.service.js';

/** per short call to the object store, ms */
const CALL_TIMEOUT_MS = 10_000;
/** how long a removal in another process may take, ms */
const LOCK_WAIT_MS = 30_000;

@Module({})
export class WorkerModule {
  /** @param scratch of this process, opened and guarded before the app starts */
  static forRoot(config: WorkerConfig, logger: Logger, scratch: Scratch): DynamicModule {
    return {
      module: WorkerModule,
      imports: [
        LoggingModule.forRoot(logger),
        TracingModule.forRoot({
          config: config.tracing,
          service: 'worker-server',
          tell: (message) => logger.warn(message),
        }),
        MetricsModule.forRoot('worker-server'),
        RedisModule.forRoot(config.redis),
        SeparationStoreModule.forRoot({ callTimeoutMs: CALL_TIMEOUT_MS, lockWaitMs: LOCK_WAIT_MS }),
        QueueModule.forRoot(config.modelQueues),
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
          useFactory: (registry: Registry) => new WorkerMetrics(registry, config.queue),
          inject: [Registry],
        },
        {
          provide: PreviewPublisher,
          useFactory: (store: ObjectStore, ffmpeg: Ffmpeg, listeners: ListenSignals, board: PreviewBoard) =>
            new PreviewPublisher({ store, ffmpeg, listeners, board, logger }),
          inject: [ObjectStore, Ffmpeg, ListenSignals, PreviewBoard],
        },
        {
          provide: WorkerService,
          useFactory: assemble(config, logger, scratch),
          inject: [
            RedisConnections,
            WorkerPresence,
            ThroughputStats,
            SeparationStore,
            ObjectStore,
            Ffmpeg,
            WorkerMetrics,
            PreviewPublisher,
            AnalysisQueue,
            SeparationQueue,
          ],
        },
        { provide: Readiness, useFactory: readiness, inject: [WorkerService, Ffmpeg, RedisConnections, ObjectStore] },
      ],
    };
  }
}

function readiness(
  { engine, scratch }: WorkerService,
  ffmpeg: Ffmpeg,
  redis: RedisConnections,
  store: ObjectStore,
): Readiness {
  return new Readiness({
    engine: () => engine.ping(),
    ffmpeg: lately((signal) => ffmpeg.ping({ signal })),
    scratch: () => scratch.check(),
    redis: (signal) => redis.ping(signal),
    store: (signal) => store.ping({ signal }),
  });
}

type Assemble = (
  connections: RedisConnections,
  presence: WorkerPresence,
  throughput: ThroughputStats,
  separations: SeparationStore,
  store: ObjectStore,
  ffmpeg: Ffmpeg,
  metrics: WorkerMetrics,
  previews: PreviewPublisher,
  analyses: AnalysisQueue,
  queue: SeparationQueue,
) => WorkerService;

function assemble(config: WorkerConfig, logger: Logger, scratch: Scratch): Assemble {
  return (connections, presence, throughput, separations, store, ffmpeg, metrics, previews, analyses, queue) => {
    const clients = engineConfigs(config.engine).map(
      (settings, at) =>
        new EngineClient(
          settings,
          new EngineTelemetry(at, logger, metrics, (state) => {
            service.onEngineState(state);
          }),
        ),
    );
    const engine = new Engines(clients, config.concurrency);
    const workerId = `${hostname()}-${randomUUID().slice(0, 8)}`;
    const announcer = new PresenceAnnouncer(
      { workerId, queue: config.queue, engines: config.engine.engines },
      presence,
      throughput,
      () => engine.state,
      logger,
    );
    separations.listeners.onEnded(({ request, ending }) => {
      if (ending.status !== 'completed') return;
      metrics.completed(ending.manifest, request);
      announcer.recordThroughput(ending.manifest);
      if (config.analysis === 'on-demand') return;
      analyses.enqueue(request, 'separated').catch((error: unknown) => {
        logger.warn('the analysis waits until somebody asks for it', { error });
      });
    });
    const processor = new SeparationProcessor({
      separations,
      store,
      ffmpeg,
      engine,
      previews,
      enginePermits: new Semaphore(config.concurrency * config.engine.engines),
      scratch,
      limits: config.limits,
      onFirstSound: (request) => {
        metrics.firstSound(request);
      },
      logger,
    });
    const analyzing = new AnalysisProcessor({
      config: config.engine,
      separations,
      store,
      ffmpeg,
      scratch,
      logger,
    });
    const service: WorkerService = new WorkerService({
      config,
      connections,
      queue,
      separations,
      store,
      engine,
      ffmpeg,
      processor,
      analyzing,
      announcer,
      scratch,
      metrics,
      logger,
    });
    return service;
  };
}
