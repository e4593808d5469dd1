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
    'invalid_request',
    'invalid_idempotency_key',
    'missing_file',
    'empty_file',
    'too_many_files',
    'unknown_field',
    'malformed_upload',
    'upload_not_found',
    'upload_incomplete',
    'upload_stalled',
    'file_too_large',
    'no_audio',
    'unsupported_audio',
    'unsupported_media_type',
    'idempotency_key_in_use',
    'idempotency_key_reused',
    'unknown_model',
    'model_not_installed',
    'licence_not_allowed',
    'unknown_stem',
    'unknown_format',
    'invalid_overlap',
    'invalid_shifts',
    'invalid_track',
    'invalid_priority',
    'duration_limit',
    'unknown_track',
    'invalid_url',
    'url_not_allowed',
    'address_refused',
    'fetch_failed',
    'too_costly',
    'undecodable_audio',
    'not_finite',
    'no_samples',
    'too_many_at_once',
    'too_many_queued',
    'queue_full',
    'busy',
    'queue_unavailable',
    'storage_unavailable',
    'ffmpeg_unavailable',
    'out_of_disk',
  )
  async submit(@Req() request: ApiRequest, @Res({ passthrough: true }) response: Response): Promise<Separation> {
    const { separation, isRepeated } = await this.submissions.submit(request, response);
    if (!isRepeated) audit('song accepted', request, separation.id);
    response.status(separation.status === 'completed' ? 200 : 202).location(selfLink(separation.id));
    return separation;
  }
}
