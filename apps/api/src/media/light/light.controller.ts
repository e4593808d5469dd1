import { Readable } from 'node:stream';
import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiSecurity, ApiTags } from '@nestjs/swagger';
import { LIGHT_BLOCK_SAMPLES, LIGHT_MARGIN_SAMPLES } from '@app/separations';
import type { Response } from 'express';
import { callerOf } from '../../access/client.js';
import { Owner, type ApiRequest } from '../../context/api-request.js';
import { ApiFile, ApiVersion } from '../../downloads/api-file.decorator.js';
import { runDownload } from '../../downloads/run-download.js';
import { sendDownload } from '../../downloads/send-file.js';
import { MediaService, type Completed } from '../media.service.js';
import { OriginalBlockParams, StemBlockParams } from './light.dto.js';
import { LIGHT_TYPE, LightService, type LightBlock } from './light.service.js';

const DESCRIPTION =
  `Block *n* begins at sample *n* × ${LIGHT_BLOCK_SAMPLES}. The file has ${LIGHT_MARGIN_SAMPLES} samples more on either ` +
  'side, as far as the song has them. MP3 frames of 128 kbit/s and nothing else: a decoder gives the first sample back ' +
  '1105 samples late. Made for the call, and not stored.';

const PROBLEMS = ['not_found', 'not_completed', 'busy', 'ffmpeg_unavailable'] as const;

/** What a player on a slow line takes. */
@ApiTags('media')
@ApiSecurity('key')
@ApiSecurity('bearer')
@Controller('v1/separations')
export class LightController {
  constructor(
    private readonly media: MediaService,
    private readonly light: LightService,
  ) {}

  @Get(':id/stems/:stem/light/:n.mp3')
  @ApiVersion()
  @ApiFile({
    operationId: 'getLightStem',
    summary: 'A block of a stem for slow lines',
    description: DESCRIPTION,
    contentTypes: [LIGHT_TYPE],
    isNamed: false,
    problems: ['stem_not_found', ...PROBLEMS],
  })
  async stem(
    @Owner() owner: string | null,
    @Param() { id, stem, n }: StemBlockParams,
    @Req() request: ApiRequest,
    @Res() response: Response,
  ): Promise<void> {
    await this.send({ id, owner }, request, response, (song, signal) => this.light.stem(song, stem, Number(n), signal));
  }

  @Get(':id/original/light/:n.mp3')
  @ApiVersion()
  @ApiFile({
    operationId: 'getLightOriginal',
    summary: 'A block of the decoded song for slow lines',
    description: DESCRIPTION,
    contentTypes: [LIGHT_TYPE],
    isNamed: false,
    problems: PROBLEMS,
  })
  async original(
    @Owner() owner: string | null,
    @Param() { id, n }: OriginalBlockParams,
    @Req() request: ApiRequest,
    @Res() response: Response,
  ): Promise<void> {
    await this.send({ id, owner }, request, response, (song, signal) => this.light.original(song, Number(n), signal));
  }

  private async send(
    { id, owner }: { readonly id: string; readonly owner: string | null },
    request: ApiRequest,
    response: Response,
    make: (song: Completed, signal: AbortSignal) => Promise<LightBlock>,
  ): Promise<void> {
    await runDownload(response, async (signal) => {
      const block = await make(await this.media.completed(id, owner, callerOf(request)), signal);
      const { content, bytes } = block;
      await sendDownload(
        block,
        ({ start, end } = { start: 0, end: bytes - 1 }) =>
          Promise.resolve(Readable.from([content.subarray(start, end + 1)], { objectMode: false })),
        request,
        response,
      );
    });
  }
}
