import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { ApiConfig } from '@app/config';
import { MetricsController } from '@app/metrics';
import type { Scope } from '@app/separations';
import { HealthController } from '@app/server';
import type { Response } from 'express';
import type { ApiRequest } from '../context/api-request.js';
import { ProblemError } from '../problems/problem.error.js';
import { API_CONFIG } from '../config/api-config.module.js';
import { hasExpired, mayDo, type AccessKey } from '../context/access-key.js';
import { ownerOfKey } from './api-keys.js';
import { audit } from './audit-log.js';
import { clientName, presentedKey } from './client.js';
import { KeyRing } from './key-ring.js';
import { NEEDED_SCOPES } from './needs-scope.decorator.js';
import { IS_PUBLIC } from './public.decorator.js';
import { RateLimiter } from './rate-limiter.js';

/**
 * Identifies the caller by API key and applies the rate limit. Answers 401 without a valid key, and 403 to one that may not
 * do what it asks for.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly keys: KeyRing,
    private readonly limiter: RateLimiter,
    @Inject(API_CONFIG) private readonly config: Pick<ApiConfig, 'http'>,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.isPublic(context)) return true;
    const http = context.switchToHttp();
    const request = http.getRequest<ApiRequest>();
    const key = presentedKey(request);
    const found = this.keys.needed && key !== undefined ? this.keys.find(key) : undefined;
    const valid = found === undefined || hasExpired(found) ? undefined : found;
    const name = valid?.name;
    request.client = clientName(name, request.ip);
    // counts guesses of keys as well, by address
    await this.limit(request.client, http.getResponse<Response>());
    if (this.keys.needed && valid === undefined) {
      if (key !== undefined) audit('key refused', request);
      throw keyNeeded(key === undefined ? 'missing' : found === undefined ? 'unknown' : 'expired');
    }
    if (valid !== undefined) {
      for (const scope of this.neededScopes(context) ?? [scopeOf(request.method)]) mustBeAllowed(valid, scope);
    }
    request.owner = name === undefined ? null : ownerOfKey(name);
    if (valid !== undefined) request.key = valid;
    request.isRevoked = () => key !== undefined && name !== undefined && this.keys.nameOf(key) !== name;
    return true;
  }

  private neededScopes(context: ExecutionContext): readonly Scope[] | undefined {
    return this.reflector.getAllAndOverride<readonly Scope[] | undefined>(NEEDED_SCOPES, [
      context.getHandler(),
      context.getClass(),
    ]);
  }

  private isPublic(context: ExecutionContext): boolean {
    const controller: unknown = context.getClass();
    // these two are shared with worker-server, so they cannot have `@Public()`
    if (controller === MetricsController) return this.areMetricsPublic();
    return (
      controller === HealthController ||
      this.reflector.getAllAndOverride<boolean | undefined>(IS_PUBLIC, [context.getHandler(), context.getClass()]) ===
        true
    );
  }

  /** @throws ProblemError not_found where they have a port of their own */
  private areMetricsPublic(): boolean {
    if (this.config.http.metricsPort === 0) return !this.keys.needed;
    throw new ProblemError('not_found', 'Metrics are on a port of their own: METRICS_PORT.');
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
  if (request.isRevoked?.() === true) throw keyNeeded('unknown');
}

function scopeOf(method: string): Scope {
  if (method === 'DELETE') return 'delete';
  return method === 'GET' || method === 'HEAD' ? 'read' : 'separate';
}

/** @throws ProblemError scope_missing */
function mustBeAllowed(key: AccessKey, scope: Scope): void {
  if (mayDo(key, scope)) return;
  const detail = `This call needs a key with the scope "${scope}". Yours has: ${key.scopes.join(', ')}.`;
  throw new ProblemError('scope_missing', detail, { extras: { allowed: key.scopes } });
}

const REFUSALS = {
  missing: 'Send an API key as "Authorization: Bearer KEY" or "x-api-key: KEY".',
  unknown: 'The API key is not valid.',
  expired: 'The API key has expired. Ask an administrator for a new one.',
} as const;

function keyNeeded(why: keyof typeof REFUSALS): ProblemError {
  return new ProblemError('unauthorized', REFUSALS[why], { headers: { 'WWW-Authenticate': 'Bearer' } });
}
