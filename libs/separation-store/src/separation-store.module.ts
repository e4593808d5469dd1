import { RedisConnections } from '@app/redis';
import { ObjectStore } from '@app/storage';
import { Module, type DynamicModule } from '@nestjs/common';
import { ReconcileState } from './reconcile-state.js';
import { SeparationIndex } from './separation-index.js';
import { SeparationStore, type SeparationStoreOptions } from './separation-store.js';
import { SongUsage } from './song-usage.js';

@Module({})
export class SeparationStoreModule {
  static forRoot(options: SeparationStoreOptions): DynamicModule {
    return {
      module: SeparationStoreModule,
      global: true,
      providers: [
        {
          provide: SeparationStore,
          useFactory: (objects: ObjectStore, connections: RedisConnections) =>
            new SeparationStore(objects, connections, options),
          inject: [ObjectStore, RedisConnections],
        },
        {
          provide: SeparationIndex,
          useFactory: (store: SeparationStore) => store.index,
          inject: [SeparationStore],
        },
        {
          provide: SongUsage,
          useFactory: (connections: RedisConnections) => new SongUsage(connections),
          inject: [RedisConnections],
        },
        {
          provide: ReconcileState,
          useFactory: (store: SeparationStore) => store.state,
          inject: [SeparationStore],
        },
      ],
      exports: [SeparationStore, SeparationIndex, ReconcileState, SongUsage],
    };
  }
}
