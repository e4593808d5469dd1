import { RedisConnections } from '@app/redis';
import { Global, Module } from '@nestjs/common';
import { ReconcileState } from './reconcile-state.js';
import { SeparationIndex } from './separation-index.js';

@Global()
@Module({
  providers: [
    {
      provide: SeparationIndex,
      useFactory: (connections: RedisConnections) => new SeparationIndex(connections),
      inject: [RedisConnections],
    },
    {
      provide: ReconcileState,
      useFactory: (connections: RedisConnections) => new ReconcileState(connections),
      inject: [RedisConnections],
    },
  ],
  exports: [SeparationIndex, ReconcileState],
})
export class SeparationStoreModule {}
