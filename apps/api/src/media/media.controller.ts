import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiQuery, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { componentRef } from '@app/separations';
import { ObjectStore } from '@app/storage';
import type { Response } from 'express';
import { callerOf } from '../access/client.js';
import { Owner, type ApiRequest } from '../context/api-request.js';
import { SeparationParams } from '../separations/separations.dto.js';
import { ApiFile, ApiStream, ApiVersion, AUDIO_TYPES, OF_STEMS, SONG_TYPES } from '../downloads/api-file.decorator.js';
import { ArchiveService } from './archive.service.js';
import { ArchiveQuery, MixParams, MixQuery, StemParams } from './media.dto.js';
import { knownFormat, MediaService } from './media.service.js';
import { MixService } from './mix.service.js';
import { sendDownload, sendFile } from '../downloads/send-file.js';
import { runDownload } from '../downloads/run-download.js';
import { ProblemError } from '../problems/problem.error.js';
import { TaggedFiles } from './tags/tagged-files.js';

const OF_A_MIX = {
  'X-Peak-Db': {
    schema: { type: 'number' },
    description: 'peak of the sum before clipping, dBFS: peaks above 0 were clipped; absent for silence',
  },
} as const;

const ANSWERS = ['true', 'false'];

const TAGS = {
  name: 'tags',
  required: false,
  enum: ANSWERS,
  description: '`true` writes title, artist, album and cover into FLAC and MP3',
};

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
    private readonly tagged: TaggedFiles,
  ) {}

  @Get(':id/stems/:stem.:format')
  @ApiVersion()
  @ApiQuery(TAGS)
  @ApiFile({
    operationId: 'getStem',
    summary: 'A stem',
    description:
      'Encodes a missing format from the lossless master, stores it, and serves it. Without `tags`, a master has the bytes ' +
      'of the receipt.',
    contentTypes: AUDIO_TYPES,
    problems: OF_STEMS,
  })
  async stem(
    @Owner() owner: string | null,
    @Param() { id, stem, format }: StemParams,
    @Query('tags') tags: unknown,
    @Req() request: ApiRequest,
    @Res() response: Response,
  ): Promise<void> {
    await runDownload(response, async (signal) => {
      const completed = await this.media.completed(id, owner, callerOf(request));
      const file = await this.media.stemFile(completed, stem, format, signal);
      if (isTagged(tags)) {
        const { download, open } = await this.tagged.tag(file, completed, stem, knownFormat(format), signal);
        await sendDownload(download, open, request, response);
      } else await sendFile(this.store, file, request, response, signal);
    });
  }

  @Get(':id/archive.zip')
  @ApiFile({
    operationId: 'getArchive',
    summary: 'All stems, or the named ones, in one file',
    description: 'Uncompressed. A download that broke off can continue: the archive keeps its bytes and its ETag.',
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
      const completed = await this.media.completed(id, owner, callerOf(request));
      await this.archives.send(completed, query, request, response, signal);
    });
  }

  @Get(':id/mix.:format')
  @ApiStream(
    {
      operationId: 'getMix',
      summary: 'A mix of the stems',
      description:
        'The sum of the stems, each at its level, as fast and as high as you like. Rendered for the call; peaks above full ' +
        'scale are clipped.',
      contentTypes: AUDIO_TYPES,
      problems: OF_STEMS,
    },
    OF_A_MIX,
  )
  async mix(
    @Owner() owner: string | null,
    @Param() { id, format }: MixParams,
    @Query() { levels, speed, semitones }: MixQuery,
    @Req() request: ApiRequest,
    @Res() response: Response,
  ): Promise<void> {
    await runDownload(response, async (signal) => {
      const completed = await this.media.completed(id, owner, callerOf(request));
      await this.mixes.send(completed, { format, levels, speed, semitones }, request, response, signal);
    });
  }

  @Get(':id/original.flac')
  @ApiVersion()
  @ApiFile({
    operationId: 'getOriginal',
    summary: 'The decoded song',
    description:
      'In step with the stems, and as long. It has a gain of its own: `original.gainDb` in the receipt. A separation of ' +
      'an earlier version has no stored original: it is decoded on the first request, with the gain of the stems.',
    contentTypes: ['audio/flac'],
    problems: ['not_completed', 'busy', 'ffmpeg_unavailable'],
  })
  async original(
    @Owner() owner: string | null,
    @Param() { id }: SeparationParams,
    @Req() request: ApiRequest,
    @Res() response: Response,
  ): Promise<void> {
    await runDownload(response, async (signal) => {
      const file = await this.media.original(await this.media.completed(id, owner, callerOf(request)), signal);
      await sendFile(this.store, file, request, response, signal);
    });
  }

  @Get(':id/cover')
  @ApiVersion()
  @ApiFile({
    operationId: 'getCover',
    summary: "The song's cover",
    description: 'A new JPEG of at most 600 × 600 pixels, whatever the song had.',
    contentTypes: ['image/jpeg'],
    problems: ['not_found', 'not_completed'],
  })
  async cover(
    @Owner() owner: string | null,
    @Param() { id }: SeparationParams,
    @Req() request: ApiRequest,
    @Res() response: Response,
  ): Promise<void> {
    await runDownload(response, async (signal) => {
      const file = this.media.cover(await this.media.completed(id, owner, callerOf(request)));
      await sendFile(this.store, file, request, response, signal);
    });
  }

  @Get(':id/waveform')
  @ApiVersion()
  @ApiFile({
    operationId: 'getWaveform',
    summary: 'Peaks of every stem, for drawing',
    contentTypes: ['application/json'],
    schema: componentRef('WaveformDocument'),
    problems: ['not_found', 'not_completed'],
  })
  async waveform(
    @Owner() owner: string | null,
    @Param() { id }: SeparationParams,
    @Req() request: ApiRequest,
    @Res() response: Response,
  ): Promise<void> {
    await runDownload(response, async (signal) => {
      const file = this.media.waveform(await this.media.completed(id, owner, callerOf(request)));
      await sendFile(this.store, file, request, response, signal);
    });
  }

  @Get(':id/input')
  @ApiVersion()
  @ApiFile({
    operationId: 'getInput',
    summary: 'The uploaded song',
    contentTypes: SONG_TYPES,
    problems: ['not_found'],
  })
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

/** @throws ProblemError invalid_request */
function isTagged(tags: unknown): boolean {
  if (tags === undefined || tags === 'false') return false;
  if (tags === 'true') return true;
  throw new ProblemError('invalid_request', 'tags must be true or false.');
}
