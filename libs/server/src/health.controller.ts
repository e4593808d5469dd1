import { Controller, Get, Header, Res, type BeforeApplicationShutdown } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { PROBLEMS, componentRef, describeProblem } from '@app/separations';
import type { Response } from 'express';
import { Readiness, type Health } from './readiness.js';

const RETRY_AFTER_SECONDS = 2;

/** `live`: the process answers. `ready`: everything it depends on answers too. */
@ApiTags('health')
@Controller('health')
export class HealthController implements BeforeApplicationShutdown {
  private isEnding = false;

  constructor(private readonly readiness: Readiness) {}

  beforeApplicationShutdown(): void {
    this.isEnding = true;
  }

  @Get('live')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'getLiveness', summary: 'The process answers' })
  @ApiOkResponse({ schema: componentRef('Liveness') })
  live(): Pick<Health, 'status'> {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({ operationId: 'getReadiness', summary: 'Redis and the object store answer too' })
  @ApiOkResponse({ schema: componentRef('Readiness') })
  @ApiResponse({
    status: PROBLEMS.not_ready.status,
    description: '`not_ready`: names what is down and why',
    content: { 'application/problem+json': { schema: componentRef('NotReady') } },
  })
  async ready(@Res() response: Response): Promise<void> {
    const health: Health = this.isEnding ? { status: 'error', checks: {} } : await this.readiness.check();
    response.set('Cache-Control', 'no-store');
    if (health.status === 'ok') response.json(health);
    else {
      const requestId = response.getHeader('x-request-id');
      response
        .status(PROBLEMS.not_ready.status)
        .set('Retry-After', String(RETRY_AFTER_SECONDS))
        .type('application/problem+json')
        .send(JSON.stringify({ ...problemOf(health.checks), requestId }));
    }
  }
}

function problemOf(checks: Health['checks']): object {
  const down = Object.keys(checks).filter((name) => checks[name]?.status === 'down');
  const detail = down.length === 0 ? 'The server is shutting down.' : `Down: ${down.join(', ')}.`;
  return { ...describeProblem('not_ready', detail), checks };
}
