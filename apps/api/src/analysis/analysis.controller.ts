import { Controller, Get, Param, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { componentRef, type PendingAnalysis, type ShownAnalysis } from '@app/separations';
import type { Response } from 'express';
import { Owner } from '../context/api-request.js';
import { headerRefs } from '../docs/response-headers.js';
import { ApiProblems, OF_A_SEPARATION } from '../problems/api-problems.decorator.js';
import { SeparationParams } from '../separations/separations.dto.js';
import { AnalysisService } from './analysis.service.js';

/** about how long a song of four minutes takes once its turn comes, seconds */
const RETRY_AFTER = 5;

@ApiTags('media')
@ApiSecurity('key')
@ApiSecurity('bearer')
@Controller('v1/separations')
export class AnalysisController {
  constructor(private readonly analyses: AnalysisService) {}

  @Get(':id/analysis')
  @ApiOperation({
    operationId: 'getAnalysis',
    summary: 'Tempo, beats, key, tuning and loudness',
    description:
      'Measured from the stems after they are stored, or when it is first asked for. Your own tempo and key win: the beats ' +
      'follow your tempo, and `measured` has what was measured.',
  })
  @ApiOkResponse({ schema: componentRef('AnalysisDocument') })
  @ApiAcceptedResponse({
    schema: componentRef('PendingAnalysis'),
    description: 'It is being made: ask again',
    headers: headerRefs('Retry-After'),
  })
  @ApiProblems(...OF_A_SEPARATION, 'not_completed', 'queue_unavailable')
  async get(
    @Owner() owner: string | null,
    @Param() { id }: SeparationParams,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ShownAnalysis | PendingAnalysis> {
    const analysis = await this.analyses.find(id, owner);
    if (analysis !== undefined) return analysis;
    response.status(202).set('Retry-After', String(RETRY_AFTER));
    return { status: 'pending' };
  }
}
