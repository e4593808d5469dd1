import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { componentRef } from '@app/separations';
import type { Response } from 'express';
import { callerOf } from '../access/client.js';
import { ownerOf, type ApiRequest } from '../context/api-request.js';
import { ApiProblems, OF_A_SEPARATION } from '../problems/api-problems.decorator.js';
import { SeparationParams } from '../separations/separations.dto.js';
import { EventsQuery } from './events.dto.js';
import { SeparationEventsService } from './separation-events.service.js';

@ApiTags('separations')
@ApiSecurity('key')
@ApiSecurity('bearer')
@Controller('v1/separations')
export class SeparationEventsController {
  constructor(private readonly events: SeparationEventsService) {}

  @Get(':id/events')
  @ApiOperation({
    operationId: 'followSeparation',
    summary: 'Follow a separation by server-sent events',
    description:
      'Sends a `state` event with the whole separation at once and on each change, and a comment every 15 s. Ends after ' +
      '`completed`, `failed` or `cancelled`, and when the key is revoked. With `preview`, also sends `preview` events ' +
      'with the blocks that can be heard already: all of them at once, then new ones. A worker that takes over starts ' +
      'with another `attempt`. Blocks are made while somebody listens.',
  })
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'the last status that you saw' })
  @ApiOkResponse({
    description: 'Events until the end. The schema is of one event.',
    content: { 'text/event-stream': { schema: { anyOf: [componentRef('StateEvent'), componentRef('PreviewEvent')] } } },
  })
  @ApiNoContentResponse({ description: 'Nothing follows the Last-Event-ID: the separation ended in that state' })
  @ApiProblems(...OF_A_SEPARATION, 'queue_unavailable', 'too_many_streams', 'busy')
  async stream(
    @Req() request: ApiRequest,
    @Param() { id }: SeparationParams,
    @Query() { preview }: EventsQuery,
    @Res() response: Response,
  ): Promise<void> {
    const owner = ownerOf(request);
    const last = request.headers['last-event-id'];
    const isListening = preview === 'true';
    const viewer = { owner, client: callerOf(request), isRevoked: request.isRevoked, isListening };
    await this.events.stream(id, viewer, response, typeof last === 'string' ? last : undefined);
  }
}
