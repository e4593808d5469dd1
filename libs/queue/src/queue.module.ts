import type { QueueOfModels } from '@app/config';
import { FleetModule, ThroughputStats, WorkerPresence } from '@app/fleet';
import { ANALYSIS_QUEUE_NAME, RedisConnections } from '@app/redis';
import { BullModule, getQueueToken } from '@nestjs/bullmq';
import { Global, Module, type DynamicModule } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { AnalysisQueue } from './analysis/analysis-queue.js';
import { queueOptions } from './bull-queue.js';
import { CancelSignals } from './cancel-signals.js';
import { JobEvents } from './job-events.js';
import { ModelRoutes } from './model-routes.js';
import { ListenSignals } from './preview/listen-signals.js';
import { PreviewBoard } from './preview/preview-board.js';
import { QueueShares } from './queue-shares.js';
import { SeparationQueue } from './separation-queue.js';

/** Every part of the queue except the worker, which the worker's app makes with its own handler. */
@Global()
@Module({
  imports: [
    FleetModule,
    BullModule.forRootAsync({ useFactory: queueOptions, inject: [RedisConnections] }),
    BullModule.registerQueue({ name: ANALYSIS_QUEUE_NAME }),
  ],
  providers: [
    {
      provide: AnalysisQueue,
      useFactory: (queue: Queue, connections: RedisConnections) => new AnalysisQueue(queue, connections),
      inject: [getQueueToken(ANALYSIS_QUEUE_NAME), RedisConnections],
    },
    {
      provide: CancelSignals,
      useFactory: (connections: RedisConnections) => new CancelSignals(connections),
      inject: [RedisConnections],
    },
    {
      provide: JobEvents,
      useFactory: (connections: RedisConnections, routes: ModelRoutes) => new JobEvents(connections, routes),
      inject: [RedisConnections, ModelRoutes],
    },
    {
      provide: ListenSignals,
      useFactory: (connections: RedisConnections) => new ListenSignals(connections),
      inject: [RedisConnections],
    },
    {
      provide: PreviewBoard,
      useFactory: (connections: RedisConnections) => new PreviewBoard(connections),
      inject: [RedisConnections],
    },
    {
      provide: SeparationQueue,
      useFactory: (
        connections: RedisConnections,
        stats: ThroughputStats,
        workers: WorkerPresence,
        routes: ModelRoutes,
      ) => new SeparationQueue(connections, stats, workers, routes),
      inject: [RedisConnections, ThroughputStats, WorkerPresence, ModelRoutes],
    },
    {
      provide: QueueShares,
      useFactory: (connections: RedisConnections, queue: SeparationQueue) => new QueueShares(connections, queue),
      inject: [RedisConnections, SeparationQueue],
    },
  ],
  exports: [
    AnalysisQueue,
    CancelSignals,
    JobEvents,
    ListenSignals,
    ModelRoutes,
    PreviewBoard,
    QueueShares,
    SeparationQueue,
  ],
})
export class QueueModule {
  static forRoot(queues: readonly QueueOfModels[]): DynamicModule {
    return {
      module: QueueModule,
      providers: [{ provide: ModelRoutes, useValue: new ModelRoutes(queues) }],
    };
  }
}
