import { Controller, Delete, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiOperation, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { ObjectStore } from '@app/storage';
import type { Response } from 'express';
import { audit } from '../access/audit-log.js';
import { NeedsScope } from '../access/needs-scope.decorator.js';
import { Owner, type ApiRequest } from '../context/api-request.js';
import { ApiFile } from '../downloads/api-file.decorator.js';
import { runDownload } from '../downloads/run-download.js';
import { sendFile } from '../downloads/send-file.js';
import { ApiProblems, OF_A_SEPARATION } from '../problems/api-problems.decorator.js';
import { ProblemError } from '../problems/problem.error.js';
import { OF_A_SONG } from '../submissions/song-problems.js';
import { ANSWER, QUEUE, SONG, TrackParams } from './apiv1.dto.js';
import { Apiv1Service, hashOf, type Answer } from './apiv1.service.js';

const OF_A_TRACK = ['stem_not_found', 'not_completed'] as const;
const OF_A_REMOVAL = [...OF_A_SEPARATION, ...OF_A_TRACK, 'queue_unavailable', 'still_active', 'busy'] as const;

const REMOVAL = {
  summary: 'Compatibility: remove a track',
  description:
    'It is not served here any longer, and the separation at /v1 keeps it. The last track takes the separation with it.',
};

/** The API of a university course, see docs/apiv1.md. */
@ApiTags('compatibility')
@ApiSecurity('key')
@ApiSecurity('bearer')
@Controller('apiv1')
export class Apiv1Controller {
  constructor(
    private readonly apiv1: Apiv1Service,
    private readonly store: ObjectStore,
  ) {}

  @Post('separate')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'apiv1Separate',
    summary: 'Compatibility: send a song as base64',
    description: 'The same separation as at /v1: the hash is its id without `sep_`. Other fields are ignored.',
  })
  @ApiConsumes('application/json')
  @ApiBody({ required: true, schema: SONG })
  @ApiOkResponse({ schema: ANSWER })
  @ApiProblems(...OF_A_SONG, 'too_many_webhooks')
  async separate(@Req() request: ApiRequest, @Res({ passthrough: true }) response: Response): Promise<Answer> {
    const { id, isRepeated } = await this.apiv1.separate(request, response);
    if (!isRepeated) audit('song accepted', request, id);
    return { hash: hashOf(id), reason: 'Song enqueued for separation' };
  }

  @Get('queue')
  @ApiOperation({ operationId: 'apiv1Queue', summary: 'Compatibility: your songs that wait, the next one first' })
  @ApiOkResponse({ schema: QUEUE })
  @ApiProblems('queue_unavailable')
  async queue(@Owner() owner: string | null): Promise<{ readonly queue: readonly string[] }> {
    return { queue: await this.apiv1.waiting(owner) };
  }

  @Get('track/:hash/:track')
  @ApiFile({
    operationId: 'getApiv1Track',
    summary: 'Compatibility: a stem as MP3',
    contentTypes: ['audio/mpeg'],
    problems: [...OF_A_TRACK, 'busy', 'ffmpeg_unavailable'],
  })
  async track(@Param() params: TrackParams, @Req() request: ApiRequest, @Res() response: Response): Promise<void> {
    await runDownload(response, async (signal) => {
      const file = await this.apiv1.file(request, params, signal);
      await sendFile(this.store, file, request, response, signal);
    });
  }

  @Get('remove/:hash/:track')
  @NeedsScope('delete')
  @ApiOperation({ operationId: 'apiv1RemoveByGet', ...REMOVAL })
  @ApiOkResponse({ schema: ANSWER })
  @ApiProblems(...OF_A_REMOVAL)
  removeByGet(@Param() params: TrackParams, @Req() request: ApiRequest): Promise<Answer> {
    // the framework answers HEAD as GET
    if (request.method === 'HEAD') throw new ProblemError('method_not_allowed', 'HEAD removes nothing. Use DELETE.');
    return this.remove(params, request);
  }

  @Delete('remove/:hash/:track')
  @ApiOperation({ operationId: 'apiv1Remove', ...REMOVAL })
  @ApiOkResponse({ schema: ANSWER })
  @ApiProblems(...OF_A_REMOVAL)
  async remove(@Param() params: TrackParams, @Req() request: ApiRequest): Promise<Answer> {
    const { id, isAll } = await this.apiv1.remove(request, params);
    if (isAll) audit('separation deleted', request, id);
    return { hash: hashOf(id), reason: isAll ? 'Last track removed, and the song with it' : 'Track removed' };
  }
}
