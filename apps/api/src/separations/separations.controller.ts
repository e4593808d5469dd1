import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Param,
  Patch,
  Post,
  Query,
  Req,
  Res,
  UseInterceptors,
} from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiConsumes,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import { componentRef, type Separation, type SeparationPage } from '@app/separations';
import type { Response } from 'express';
import { audit } from '../access/audit-log.js';
import { Owner, type ApiRequest } from '../context/api-request.js';
import { JSON_TYPES, JsonBody } from './json-body.interceptor.js';
import { ApiProblems, OF_A_SEPARATION } from '../problems/api-problems.decorator.js';
import { ListQuery, SeparationParams } from './separations.dto.js';
import { SeparationsService } from './separations.service.js';
import { wantedEdit } from './wanted-edit.js';

@ApiTags('separations')
@ApiSecurity('key')
@ApiSecurity('bearer')
@Controller('v1/separations')
export class SeparationsController {
  constructor(private readonly separations: SeparationsService) {}

  @Get()
  @ApiOperation({
    operationId: 'listSeparations',
    summary: 'Your separations, newest first',
    description: 'Without their receipts.',
  })
  @ApiOkResponse({ schema: componentRef('SeparationPage') })
  @ApiProblems('invalid_request', 'queue_unavailable', 'storage_unavailable')
  list(@Owner() owner: string | null, @Query() query: ListQuery): Promise<SeparationPage> {
    return this.separations.list(owner, query);
  }

  @Get(':id')
  @ApiOperation({ operationId: 'getSeparation', summary: 'One separation' })
  @ApiOkResponse({ schema: componentRef('SeparationDocument') })
  @ApiProblems(...OF_A_SEPARATION, 'queue_unavailable')
  get(@Owner() owner: string | null, @Param() { id }: SeparationParams): Promise<Separation> {
    return this.separations.get(id, owner);
  }

  @Patch(':id')
  @UseInterceptors(JsonBody)
  @ApiOperation({
    operationId: 'editSeparation',
    summary: 'Set the title, tempo or key yourself',
    description:
      'Your own win everywhere over what was uploaded or measured, which stays. `null` takes one back; what you do not name stays. ' +
      'Works in every state.',
  })
  @ApiConsumes(...JSON_TYPES)
  @ApiBody({ required: true, schema: componentRef('OwnEdit') })
  @ApiOkResponse({ schema: componentRef('SeparationDocument') })
  @ApiProblems(
    ...OF_A_SEPARATION,
    'unknown_field',
    'unsupported_media_type',
    'invalid_title',
    'invalid_tempo',
    'invalid_key',
    'record_damaged',
    'queue_unavailable',
    'busy',
  )
  async edit(
    @Owner() owner: string | null,
    @Param() { id }: SeparationParams,
    @Body() body: unknown,
    @Req() request: ApiRequest,
  ): Promise<Separation> {
    const { separation, isChanged } = await this.separations.edit(id, owner, wantedEdit(body));
    if (isChanged) audit('separation edited', request, id);
    return separation;
  }

  @Post(':id/cancel')
  @ApiOperation({ operationId: 'cancelSeparation', summary: 'Cancel a separation; its worker stops within 2 s' })
  @ApiAcceptedResponse({ schema: componentRef('SeparationDocument') })
  @ApiOkResponse({ schema: componentRef('SeparationDocument'), description: 'It had been cancelled before' })
  @ApiProblems(...OF_A_SEPARATION, 'queue_unavailable', 'already_finished', 'busy')
  async cancel(
    @Owner() owner: string | null,
    @Param() { id }: SeparationParams,
    @Req() request: ApiRequest,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Separation> {
    const { separation, isNew } = await this.separations.cancel(id, owner);
    if (isNew) audit('separation cancelled', request, id);
    response.status(isNew ? 202 : 200);
    return separation;
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ operationId: 'deleteSeparation', summary: 'Delete a separation and all its files' })
  @ApiNoContentResponse()
  @ApiProblems(...OF_A_SEPARATION, 'queue_unavailable', 'still_active', 'busy')
  async remove(
    @Owner() owner: string | null,
    @Param() { id }: SeparationParams,
    @Req() request: ApiRequest,
  ): Promise<void> {
    await this.separations.remove(id, owner);
    audit('separation deleted', request, id);
  }
}
