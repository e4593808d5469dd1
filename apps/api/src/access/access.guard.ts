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

/** shared with worker-server, so they cannot carry the decorator */
const PUBLIC_CONTROLLERS = new Set<unknown>([HealthController, MetricsController]);

/** Finds out who calls, counts the call, and refuses who has no key where one is needed. */
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
    // who guesses keys is counted too, by address
    await this.count(clientName(owner, request.ip), http.getResponse<Response>());
    if (this.keys.needed && owner === undefined) throw keyNeeded(key !== undefined);
    request.owner = owner ?? null;
    return true;
  }

  private isPublic(context: ExecutionContext): boolean {
    return (
      PUBLIC_CONTROLLERS.has(context.getClass()) ||
      this.reflector.getAllAndOverride<boolean | undefined>(IS_PUBLIC, [context.getHandler(), context.getClass()]) ===
        true
    );
  }

  private async count(client: string, response: Response): Promise<void> {
    const use = await this.limiter.count(client);
    if (use === undefined) return;
    const { limit, remaining, resetSeconds } = use;
    const headers = {
      'RateLimit-Limit': String(limit),
      'RateLimit-Remaining': String(Math.max(0, remaining)),
      'RateLimit-Reset': String(resetSeconds),
    };
    if (remaining < 0) {
      throw new ProblemError('rate_limited', `More than ${limit} calls a minute; try again in ${resetSeconds} s.`, {
        extras: { limit },
        retryAfterSeconds: resetSeconds,
        headers,
      });
    }
    response.set(headers);
  }
}

function keyNeeded(given: boolean): ProblemError {
  const detail = given
    ? 'The API key is not known.'
    : 'Send an API key as "Authorization: Bearer KEY" or "x-api-key: KEY".';
  return new ProblemError('unauthorized', detail, { headers: { 'WWW-Authenticate': 'Bearer' } });
}
