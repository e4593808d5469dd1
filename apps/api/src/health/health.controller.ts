import { Controller, Get, ServiceUnavailableException, type BeforeApplicationShutdown } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { HealthCheckService, HealthIndicatorService, type HealthCheckAttempt } from '@nestjs/terminus';
import { RedisConnections } from '@app/queue';
import { ObjectStore } from '@app/storage';
import { Public } from '../access/public.decorator.js';
import { ApiPublicProblems } from '../problems/api-problems.decorator.js';
import { ProblemError } from '../problems/problem.error.js';

/** within the time-out of the usual probe */
const LONGEST_MS = 1200;

@ApiTags('health')
@Public()
@Controller('health')
export class HealthController implements BeforeApplicationShutdown {
  private ending = false;
  private asking: Promise<object> | undefined;

  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly redis: RedisConnections,
    private readonly store: ObjectStore,
  ) {}

  beforeApplicationShutdown(): void {
    this.ending = true;
  }

  @Get('live')
  @ApiOperation({ summary: 'The process answers' })
  @ApiOkResponse({ schema: { type: 'object', example: { status: 'ok' } } })
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({ summary: 'Redis and the object store answer too' })
  @ApiOkResponse({
    schema: { type: 'object', example: { status: 'ok', info: { redis: { status: 'up' }, store: { status: 'up' } } } },
  })
  @ApiPublicProblems('not_ready')
  async ready(): Promise<object> {
    if (this.ending) throw new ProblemError('not_ready', 'The server is shutting down.');
    // anybody may ask, as often as he likes: one question to the store for all who wait
    this.asking ??= this.check().finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  private async check(): Promise<object> {
    const asked = {
      redis: this.ask('redis', (signal) => this.redis.ping(signal)),
      store: this.ask('store', (signal) => this.store.ping({ signal })),
    };
    try {
      return await this.health.check([() => asked.redis, () => asked.store]);
    } catch (error) {
      if (error instanceof ServiceUnavailableException) throw notReady(error);
      throw error;
    }
  }

  private ask<Name extends string>(name: Name, ping: (signal: AbortSignal) => Promise<void>): HealthCheckAttempt<Name> {
    return this.indicators
      .check(name)
      .attempt(({ signal }) => ping(signal))
      .withTimeout(LONGEST_MS);
  }
}

function notReady(cause: ServiceUnavailableException): ProblemError {
  const answer = cause.getResponse();
  const down = typeof answer === 'object' && 'error' in answer ? Object.keys(answer.error ?? {}) : [];
  return new ProblemError('not_ready', `Cannot be reached: ${down.join(', ')}.`, { retryAfterSeconds: 2, cause });
}
