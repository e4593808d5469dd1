import { Module, type DynamicModule } from '@nestjs/common';
import type { RedisAddress } from './redis-address.js';
import { RedisConnections } from './redis-connections.js';
import { RedisKeys } from './redis-keys.js';

/** Provides the process's connections to Redis. They close at shutdown, after everything that uses them. */
@Module({})
export class RedisModule {
  static forRoot(address: RedisAddress, keys: RedisKeys = new RedisKeys()): DynamicModule {
    return {
      module: RedisModule,
      global: true,
      providers: [{ provide: RedisConnections, useFactory: () => new RedisConnections(address, keys) }],
      exports: [RedisConnections],
    };
  }
}
