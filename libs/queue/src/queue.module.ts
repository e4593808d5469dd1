import type { RedisConfig } from '@app/config';
import { Module, type DynamicModule } from '@nestjs/common';
import { CancelSignals } from './cancel-signals.js';
import { JobEvents } from './job-events.js';
import { RedisConnections } from './redis-connections.js';
import { SeparationIndex } from './separation-index.js';
import { SeparationQueue } from './separation-queue.js';
import { SpeedBook } from './speed-book.js';
import { WorkerRegistry } from './worker-registry.js';

/** Gives every part of the queue but the worker, which the worker's app makes with its own handler. */
@Module({})
export class QueueModule {
  static forRoot(config: RedisConfig): DynamicModule {
    const parts = [SpeedBook, WorkerRegistry, CancelSignals, JobEvents, SeparationIndex];
    const providers = [
      { provide: RedisConnections, useFactory: () => new RedisConnections(config) },
      ...parts.map((part) => ({
        provide: part,
        useFactory: (connections: RedisConnections) => new part(connections),
        inject: [RedisConnections],
      })),
      {
        provide: SeparationQueue,
        useFactory: (connections: RedisConnections, speeds: SpeedBook, workers: WorkerRegistry) =>
          new SeparationQueue(connections, speeds, workers),
        inject: [RedisConnections, SpeedBook, WorkerRegistry],
      },
    ];
    return { module: QueueModule, global: true, providers, exports: providers.map(({ provide }) => provide) };
  }
}
