import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { MetricsController } from '@app/metrics';
import { HealthController } from '@app/server';
import type { Response } from 'express';
import type { ApiRequest } from '../context/api-request.js';
import { ProblemError } from '../problems/problem.error.js';
import { clientName, presentedKey } from './client.js';
import { KeyRing } from './key-ring.js';
import { IS_PUBLIC } from './public.decorator.js';
import { RateLimiter } from './rate-limiter.js';

/** shared with worker-server, so they cannot have `@Public()` */
const PUBLIC_CONTROLLERS = new Set<unknown>([HealthController, MetricsController]);

/** Identifies the caller by API key, applies the rate limit, and answers 401 without a valid key. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly keys: KeyRing,
    private readonly limiter: RateLimiter,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.isPublic(context)) return true;
    const http = context.switchToHttp();
    const request = http.getRequest<ApiRequest>();
    const key = presentedKey(request);
    const owner = this.keys.needed && key !== undefined ? this.keys.nameOf(key) : undefined;
    // counts guesses of keys as well, by address
    await this.limit(clientName(owner, request.ip), http.getResponse<Response>());
    if (this.keys.needed && owner === undefined) throw keyNeeded(key !== undefined);
    request.owner = owner ?? null;
    request.isRevoked = () => key !== undefined && owner !== undefined && this.keys.nameOf(key) !== owner;
    return true;
  }

  private isPublic(context: ExecutionContext): boolean {
    return (
      PUBLIC_CONTROLLERS.has(context.getClass()) ||
      this.reflector.getAllAndOverride<boolean | undefined>(IS_PUBLIC, [context.getHandler(), context.getClass()]) ===
        true
    );
  }

  private async limit(client: string, response: Response): Promise<void> {
    const use = await this.limiter.count(client);
    if (use === undefined) return;
    const { limit, remaining, resetSeconds } = use;
    const headers = {
      'RateLimit-Limit': String(limit),
      'RateLimit-Remaining': String(Math.max(0, remaining)),
      'RateLimit-Reset': String(resetSeconds),
    };
    if (remaining < 0) {
      throw new ProblemError(
        'rate_limited',
        `Over the limit of ${limit} calls a minute; try again in ${resetSeconds} s.`,
        {
          extras: { limit },
          retryAfterSeconds: resetSeconds,
          headers,
        },
      );
    }
    response.set(headers);
  }
}

/** For requests that take their time. @throws ProblemError unauthorized when the key was revoked meanwhile */
export function mustNotBeRevoked(request: ApiRequest): void {
  if (request.isRevoked?.() === true) throw keyNeeded(true);
}

function keyNeeded(given: boolean): ProblemError {
  const detail = given
    ? 'The API key is not valid.'
    : 'Send an API key as "Authorization: Bearer KEY" or "x-api-key: KEY".';
  return new ProblemError('unauthorized', detail, { headers: { 'WWW-Authenticate': 'Bearer' } });
}
