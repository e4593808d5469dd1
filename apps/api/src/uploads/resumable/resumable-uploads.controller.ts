import { Controller, Delete, Head, HttpCode, Param, Patch, Post, Req, Res, UseGuards } from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiCreatedResponse,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { NeedsScope } from '../../access/needs-scope.decorator.js';
import { ownerOf, type ApiRequest } from '../../context/api-request.js';
import { headerRefs } from '../../docs/response-headers.js';
import { ApiProblems } from '../../problems/api-problems.decorator.js';
import { expiryOf, type PartialUpload } from './partial-upload.js';
import { ResumableUploads, UPLOAD_ID } from './resumable-uploads.js';
import { METADATA, PART_TYPE, TUS_VERSION } from './tus-headers.js';
import { TusVersionGuard } from './tus-version.guard.js';

const UploadId = (): MethodDecorator =>
  ApiParam({
    name: 'id',
    description: 'the end of its Location',
    schema: { type: 'string', pattern: UPLOAD_ID.source },
  });

const byteCount = { type: 'integer', minimum: 0, maximum: 999_999_999_999_999 } as const;

const OF_AN_UPLOAD = [
  'invalid_request',
  'upload_not_found',
  'tus_version_unsupported',
  'storage_unavailable',
  'out_of_disk',
] as const;

@ApiTags('uploads')
@ApiSecurity('key')
@ApiSecurity('bearer')
@ApiHeader({ name: 'Tus-Resumable', required: true, schema: { type: 'string', enum: [TUS_VERSION] } })
@NeedsScope('separate')
@UseGuards(TusVersionGuard)
@Controller('v1/uploads')
export class ResumableUploadsController {
  constructor(private readonly uploads: ResumableUploads) {}

  @Post()
  @ApiOperation({
    operationId: 'createUpload',
    summary: 'Begin an upload that can be resumed (tus 1.0)',
    description: 'Send its bytes with PATCH, then `POST /v1/separations` with field `upload`. It ends after 24 h.',
  })
  @ApiHeader({
    name: 'Upload-Length',
    required: true,
    description: 'bytes of the song',
    schema: { ...byteCount, minimum: 1 },
  })
  @ApiHeader({
    name: 'Upload-Metadata',
    required: false,
    description: '`filename`, and its value in base64',
    schema: { type: 'string', maxLength: 4096, pattern: METADATA.source },
  })
  @ApiCreatedResponse({
    description: 'The upload is at Location',
    headers: headerRefs('Location', 'Tus-Resumable', 'Upload-Expires'),
  })
  @ApiProblems(
    'invalid_request',
    'empty_file',
    'tus_version_unsupported',
    'file_too_large',
    'too_many_at_once',
    'busy',
    'queue_unavailable',
    'storage_unavailable',
    'out_of_disk',
  )
  async create(@Req() request: ApiRequest, @Res({ passthrough: true }) response: Response): Promise<void> {
    const upload = await this.uploads.create(request);
    response.location(`/v1/uploads/${upload.id}`).set('Upload-Expires', expiryOf(upload).toUTCString());
  }

  @Head(':id')
  @ApiOperation({ operationId: 'headUpload', summary: 'How much of an upload has arrived' })
  @UploadId()
  @ApiOkResponse({
    description: 'Go on at Upload-Offset',
    headers: headerRefs('Tus-Resumable', 'Upload-Offset', 'Upload-Length', 'Upload-Metadata', 'Upload-Expires'),
  })
  @ApiProblems(...OF_AN_UPLOAD, 'queue_unavailable')
  async offset(
    @Param('id') id: string,
    @Req() request: ApiRequest,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    const upload = await this.uploads.settled(id, ownerOf(request));
    response.set({ 'Upload-Length': String(upload.bytes), 'Upload-Metadata': upload.metadata });
    tellOffset(response, upload);
  }

  @Patch(':id')
  @HttpCode(204)
  @ApiOperation({
    operationId: 'patchUpload',
    summary: 'Send the next part of an upload',
    description: 'What arrived before a connection broke is kept: ask for the offset, and go on there.',
  })
  @UploadId()
  @ApiHeader({ name: 'Upload-Offset', required: true, description: 'as HEAD tells it', schema: byteCount })
  @ApiConsumes(PART_TYPE)
  @ApiBody({ required: true, schema: { type: 'string', format: 'binary' } })
  @ApiNoContentResponse({
    description: 'The part is stored',
    headers: headerRefs('Tus-Resumable', 'Upload-Offset', 'Upload-Expires'),
  })
  @ApiProblems(
    ...OF_AN_UPLOAD,
    'malformed_upload',
    'upload_stalled',
    'upload_offset_mismatch',
    'file_too_large',
    'unsupported_media_type',
    'upload_in_use',
    'too_many_at_once',
    'busy',
    'queue_unavailable',
  )
  async append(
    @Param('id') id: string,
    @Req() request: ApiRequest,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    tellOffset(response, await this.uploads.append(id, request));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ operationId: 'deleteUpload', summary: 'Give an upload up' })
  @UploadId()
  @ApiNoContentResponse({ description: 'It is gone', headers: headerRefs('Tus-Resumable') })
  @ApiProblems(...OF_AN_UPLOAD, 'upload_in_use', 'queue_unavailable')
  async remove(@Param('id') id: string, @Req() request: ApiRequest): Promise<void> {
    await this.uploads.remove(id, ownerOf(request));
  }
}

function tellOffset(response: Response, upload: PartialUpload): void {
  response.set({ 'Upload-Offset': String(upload.offset), 'Upload-Expires': expiryOf(upload).toUTCString() });
}
