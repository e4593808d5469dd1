import { Module, type DynamicModule } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccessGuard } from './access.guard.js';
import { KeyMetrics } from './key-metrics.js';
import { KeyRing } from './key-ring.js';
import { LastTold } from './last-told.js';
import { RateLimiter } from './rate-limiter.js';
import { SeparationAccess } from './separation-access.js';
import { TurnTakers } from './turn-takers.js';

@Module({})
export class AccessModule {
  static forRoot(keys: KeyRing): DynamicModule {
    return {
      module: AccessModule,
      global: true,
      providers: [
        { provide: KeyRing, useValue: keys },
        KeyMetrics,
        RateLimiter,
        LastTold,
        SeparationAccess,
        TurnTakers,
        { provide: APP_GUARD, useClass: AccessGuard },
      ],
      exports: [KeyRing, SeparationAccess, TurnTakers],
    };
  }
}
