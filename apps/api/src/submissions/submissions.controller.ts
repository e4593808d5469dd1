import { Controller, Post, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiConsumes,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import { componentRef, type Separation } from '@app/separations';
import type { Response } from 'express';
import { audit } from '../access/audit-log.js';
import type { ApiRequest } from '../context/api-request.js';
import { headerRefs } from '../docs/response-headers.js';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import { selfLink } from '../separations/separation-view.js';
import { IDEMPOTENCY_KEY } from './idempotent-calls.js';
import { SUBMISSION_FORM } from './submission-form.js';
import { OF_A_SONG } from './song-problems.js';
import { SubmissionsService } from './submissions.service.js';

@ApiTags('separations')
@ApiSecurity('key')
@ApiSecurity('bearer')
@Controller('v1/separations')
export class SubmissionsController {
  constructor(private readonly submissions: SubmissionsService) {}

  @Post()
  @ApiOperation({
    operationId: 'createSeparation',
    summary: 'Upload a song to separate',
    description: 'The same song with the same options is the same separation: it is separated once.',
  })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description: 'a text of your own, new for each song: a call that repeats it within 24 h gets the same answer',
    schema: { type: 'string', pattern: IDEMPOTENCY_KEY.source },
  })
  @ApiConsumes('multipart/form-data')
  @ApiBody({ required: true, schema: SUBMISSION_FORM })
  @ApiAcceptedResponse({
    description: 'Accepted; follow it at Location',
    schema: componentRef('SeparationDocument'),
    headers: headerRefs('Location'),
  })
  @ApiOkResponse({
    description: 'Already separated',
    schema: componentRef('SeparationDocument'),
    headers: headerRefs('Location'),
  })
  @ApiProblems(
    ...OF_A_SONG,
    'too_many_files',
    'unknown_field',
    'upload_not_found',
    'upload_incomplete',
    'unknown_stem',
    'unknown_format',
    'invalid_overlap',
    'invalid_shifts',
    'invalid_track',
    'invalid_priority',
    'unknown_track',
    'url_not_allowed',
    'address_refused',
    'fetch_failed',
  )
  async submit(@Req() request: ApiRequest, @Res({ passthrough: true }) response: Response): Promise<Separation> {
    const { separation, isRepeated } = await this.submissions.submit(request, response);
    if (!isRepeated) audit('song accepted', request, separation.id);
    response.status(separation.status === 'completed' ? 200 : 202).location(selfLink(separation.id));
    return separation;
  }
}
