import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiSecurity, ApiTags } from '@nestjs/swagger';
import { ObjectStore } from '@app/storage';
import type { Response } from 'express';
import { Owner, type ApiRequest } from '../context/api-request.js';
import { ApiFile } from '../downloads/api-file.decorator.js';
import { runDownload } from '../downloads/run-download.js';
import { sendFile } from '../downloads/send-file.js';
import { PreviewParams } from './media.dto.js';
import { PreviewService } from './preview.service.js';

@ApiTags('media')
@ApiSecurity('key')
@ApiSecurity('bearer')
@Controller('v1/separations')
export class PreviewController {
  constructor(
    private readonly previews: PreviewService,
    private readonly store: ObjectStore,
  ) {}

  @Get(':id/preview/:attempt/:stem/:n.flac')
  @ApiFile({
    operationId: 'getPreviewBlock',
    summary: 'A part of a stem that is still being made',
    description:
      'A `preview` event names it. 24 bits at -6 dB, whatever the gain of the song becomes; louder samples are clipped. ' +
      'Its bytes never change. It is gone once the separation has ended: take the stem then.',
    contentTypes: ['audio/flac'],
    problems: ['stem_not_found', 'not_found', 'preview_ended'],
  })
  async block(
    @Owner() owner: string | null,
    @Param() { id, ...block }: PreviewParams,
    @Req() request: ApiRequest,
    @Res() response: Response,
  ): Promise<void> {
    await runDownload(response, async (signal) => {
      await this.previews.serve(id, owner, block, (file) => sendFile(this.store, file, request, response, signal));
    });
  }
}
