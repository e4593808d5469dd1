import { Global, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccessGuard } from './access.guard.js';
import { KeyRing } from './key-ring.js';
import { RateLimiter } from './rate-limiter.js';
import { SeparationAccess } from './separation-access.js';

@Global()
@Module({
  providers: [KeyRing, RateLimiter, SeparationAccess, { provide: APP_GUARD, useClass: AccessGuard }],
  exports: [KeyRing, RateLimiter, SeparationAccess],
})
export class AccessModule {}
