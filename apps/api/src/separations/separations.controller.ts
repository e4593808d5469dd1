import { Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import type { Separation } from '@app/separations';
import { Owner } from '../context/api-request.js';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import { ListQuery, SeparationDocument, SeparationPage, SeparationParams } from './separations.dto.js';
import { SeparationsService, type Page } from './separations.service.js';

@ApiTags('separations')
@ApiSecurity('key')
@ApiSecurity('bearer')
@ApiProblems('unauthorized', 'rate_limited', 'queue_unavailable', 'storage_unavailable')
@Controller('v1/separations')
export class SeparationsController {
  constructor(private readonly separations: SeparationsService) {}

  @Get()
  @ApiOperation({ summary: 'Your separations, newest first' })
  @ApiOkResponse({ type: SeparationPage })
  @ApiProblems('invalid_request')
  list(@Owner() owner: string | null, @Query() query: ListQuery): Promise<Page> {
    return this.separations.list(owner, query);
  }

  @Get(':id')
  @ApiOperation({ summary: 'One separation' })
  @ApiOkResponse({ type: SeparationDocument })
  @ApiProblems('separation_not_found')
  get(@Owner() owner: string | null, @Param() { id }: SeparationParams): Promise<Separation> {
    return this.separations.get(id, owner);
  }

  @Post(':id/cancel')
  @HttpCode(202)
  @ApiOperation({ summary: 'Cancel it; its worker stops within 2 s' })
  @ApiAcceptedResponse({ type: SeparationDocument })
  @ApiProblems('separation_not_found', 'already_finished')
  cancel(@Owner() owner: string | null, @Param() { id }: SeparationParams): Promise<Separation> {
    return this.separations.cancel(id, owner);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Remove it and all its files' })
  @ApiNoContentResponse()
  @ApiProblems('separation_not_found', 'still_active')
  async remove(@Owner() owner: string | null, @Param() { id }: SeparationParams): Promise<void> {
    await this.separations.remove(id, owner);
  }
}
