import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { ObjectStore } from '@app/storage';
import type { Response } from 'express';
import { Owner, type ApiRequest } from '../context/api-request.js';
import { ApiFile, ApiStream, OF_STEMS } from '../downloads/api-file.decorator.js';
import { runDownload } from '../downloads/run-download.js';
import { sendFile } from '../downloads/send-file.js';
import { ApiProblems, OF_A_SEPARATION } from '../problems/api-problems.decorator.js';
import { SeparationParams } from '../separations/separations.dto.js';
import { ArchiveService } from './archive.service.js';
import { ArchiveQuery, MixParams, MixQuery, StemParams, WaveformDocument } from './media.dto.js';
import { MediaService } from './media.service.js';
import { MixService } from './mix.service.js';

const PEAK = {
  schema: { type: 'number' },
  description: 'peak of the mix in dBFS; above 0 it was clipped; absent for silence',
} as const;

@ApiTags('media')
@ApiSecurity('key')
@ApiSecurity('bearer')
@Controller('v1/separations')
export class MediaController {
  constructor(
    private readonly media: MediaService,
    private readonly archives: ArchiveService,
    private readonly mixes: MixService,
    private readonly store: ObjectStore,
  ) {}

  @Get(':id/stems/:stem.:format')
  @ApiFile({
    summary: 'A stem',
    description: 'Encodes and stores the format on first request, from the lossless master.',
    contentTypes: ['audio/flac', 'audio/mpeg', 'audio/wav'],
    problems: OF_STEMS,
  })
  async stem(
    @Owner() owner: string | null,
    @Param() { id, stem, format }: StemParams,
    @Req() request: ApiRequest,
    @Res() response: Response,
  ): Promise<void> {
    await runDownload(response, async (signal) => {
      const completed = await this.media.completed(id, owner);
      const file = await this.media.stemFile(completed, stem, format, signal);
      await sendFile(this.store, file, request, response, signal);
    });
  }

  @Get(':id/archive.zip')
  @ApiStream({
    summary: 'All stems, or the ones listed, as a ZIP file',
    contentTypes: ['application/zip'],
    problems: OF_STEMS,
  })
  async archive(
    @Owner() owner: string | null,
    @Param() { id }: SeparationParams,
    @Query() query: ArchiveQuery,
    @Req() request: ApiRequest,
    @Res() response: Response,
  ): Promise<void> {
    await runDownload(response, async (signal) => {
      const completed = await this.media.completed(id, owner);
      await this.archives.send(completed, query, request, response, signal);
    });
  }

  @Get(':id/mix.:format')
  @ApiStream({
    summary: 'A mix of the stems',
    description: 'Renders the sum of the stems at the given levels. Samples above full scale are clipped.',
    contentTypes: ['audio/flac', 'audio/mpeg', 'audio/wav'],
    problems: OF_STEMS,
    headers: { 'X-Peak-Db': PEAK },
  })
  async mix(
    @Owner() owner: string | null,
    @Param() { id, format }: MixParams,
    @Query() { levels }: MixQuery,
    @Req() request: ApiRequest,
    @Res() response: Response,
  ): Promise<void> {
    await runDownload(response, async (signal) => {
      const completed = await this.media.completed(id, owner);
      await this.mixes.send(completed, { format, levels }, request, response, signal);
    });
  }

  @Get(':id/original.flac')
  @ApiFile({
    summary: 'The song as decoded for separation',
    description: 'Sample-aligned with the stems, and at their level (`gainDb`). Decoded and stored on first request.',
    contentTypes: ['audio/flac'],
    problems: ['not_completed', 'busy'],
  })
  async original(
    @Owner() owner: string | null,
    @Param() { id }: SeparationParams,
    @Req() request: ApiRequest,
    @Res() response: Response,
  ): Promise<void> {
    await runDownload(response, async (signal) => {
      const file = await this.media.original(await this.media.completed(id, owner), signal);
      await sendFile(this.store, file, request, response, signal);
    });
  }

  @Get(':id/waveform')
  @ApiOperation({ summary: 'Peaks of every stem, for drawing' })
  @ApiOkResponse({ type: WaveformDocument })
  @ApiProblems(...OF_A_SEPARATION, 'not_found', 'not_completed')
  async waveform(
    @Owner() owner: string | null,
    @Param() { id }: SeparationParams,
    @Req() request: ApiRequest,
    @Res() response: Response,
  ): Promise<void> {
    await runDownload(response, async (signal) => {
      const file = this.media.waveform(await this.media.completed(id, owner));
      await sendFile(this.store, file, request, response, signal);
    });
  }

  @Get(':id/input')
  @ApiFile({ summary: 'The song as uploaded', contentTypes: ['application/octet-stream'], problems: [] })
  async input(
    @Owner() owner: string | null,
    @Param() { id }: SeparationParams,
    @Req() request: ApiRequest,
    @Res() response: Response,
  ): Promise<void> {
    await runDownload(response, async (signal) => {
      await sendFile(this.store, await this.media.song(id, owner), request, response, signal);
    });
  }
}
