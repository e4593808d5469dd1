import { RedisConnections } from '@app/redis';
import { Global, Module } from '@nestjs/common';
import { ThroughputStats } from './throughput-stats.js';
import { WorkerPresence } from './worker-presence.js';

@Global()
@Module({
  providers: [
    {
      provide: ThroughputStats,
      useFactory: (connections: RedisConnections) => new ThroughputStats(connections),
      inject: [RedisConnections],
    },
    {
      provide: WorkerPresence,
      useFactory: (connections: RedisConnections) => new WorkerPresence(connections),
      inject: [RedisConnections],
    },
  ],
  exports: [ThroughputStats, WorkerPresence],
})
export class FleetModule {}
