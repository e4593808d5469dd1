import type { RedisConfig } from '@app/config';
import { BullModule, getQueueToken } from '@nestjs/bullmq';
import { Module, type DynamicModule } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { queueOptions } from './bull-queue.js';
import { CancelSignals } from './cancel-signals.js';
import { IndexUpkeep } from './index-upkeep.js';
import { JobEvents } from './job-events.js';
import { QueueForecast } from './queue-forecast.js';
import { QUEUE_NAME, QueueKeys } from './queue-keys.js';
import { RedisConnections } from './redis-connections.js';
import { SeparationIndex } from './separation-index.js';
import { SeparationQueue } from './separation-queue.js';
import { SpeedBook } from './speed-book.js';
import { WorkerRegistry } from './worker-registry.js';

const ON_REDIS = [SpeedBook, WorkerRegistry, CancelSignals, JobEvents, SeparationIndex, IndexUpkeep];

/** Gives every part of the queue but the worker, which the worker's app makes with its own handler. */
@Module({})
export class QueueModule {
  /** The connections end at the app's shutdown, after whatever uses them (`onModuleDestroy`, `beforeApplicationShutdown`). */
  static forRoot(config: RedisConfig, keys: QueueKeys = new QueueKeys()): DynamicModule {
    const connections = { provide: RedisConnections, useFactory: () => new RedisConnections(config, keys) };
    const redis: DynamicModule = {
      module: RedisModule,
      global: true,
      providers: [connections],
      exports: [RedisConnections],
    };
    const providers = [
      ...ON_REDIS.map((part) => ({
        provide: part,
        useFactory: (open: RedisConnections) => new part(open),
        inject: [RedisConnections],
      })),
      {
        provide: SeparationQueue,
        useFactory: (queue: Queue, open: RedisConnections, speeds: SpeedBook, workers: WorkerRegistry) =>
          new SeparationQueue(queue, open, new QueueForecast(open, speeds, workers)),
        inject: [getQueueToken(QUEUE_NAME), RedisConnections, SpeedBook, WorkerRegistry],
      },
    ];
    const bull = BullModule.forRootAsync({ useFactory: queueOptions, inject: [RedisConnections] });
    return {
      module: QueueModule,
      global: true,
      imports: [redis, bull, BullModule.registerQueue({ name: QUEUE_NAME })],
      providers,
      exports: providers.map(({ provide }) => provide),
    };
  }
}

@Module({})
class RedisModule {}
