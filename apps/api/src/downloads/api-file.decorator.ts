import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiProduces, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { CONTENT_TYPES, FORMATS, type ProblemCode } from '@app/separations';
import { ApiProblems, OF_A_SEPARATION } from '../problems/api-problems.decorator.js';

interface Download {
  readonly summary: string;
  readonly description?: string;
  readonly contentTypes: readonly string[];
  /** in addition to those of every call that names a separation */
  readonly problems: readonly ProblemCode[];
  /** in addition to the name */
  readonly headers?: ResponseHeaders;
}

type ResponseHeaders = Readonly<
  Record<string, { readonly schema: { readonly type: 'number' }; readonly description: string }>
>;

export const AUDIO_TYPES = FORMATS.flatMap((format) => CONTENT_TYPES[format] ?? []);

const BINARY = { schema: { type: 'string', format: 'binary' } } as const;

const NAMED = {
  'Content-Disposition': { schema: { type: 'string' }, description: 'a safe file name (RFC 6266)' },
} as const;

const TAGGED = { ...NAMED, ETag: { schema: { type: 'string' } } } as const;

/** of every call that may encode before it sends */
export const OF_STEMS = [
  'stem_not_found',
  'not_completed',
  'unknown_format',
  'busy',
  'ffmpeg_unavailable',
] as const satisfies ProblemCode[];

/** Documents a download that is made for the call and is always whole. */
export function ApiStream(download: Download): MethodDecorator {
  const { summary, description = '', contentTypes, problems, headers } = download;
  return applyDecorators(
    ApiOperation({ summary, description }),
    ApiProduces(...contentTypes, 'application/problem+json'),
    ApiResponse({
      status: 200,
      description: 'The file',
      content: contentOf(download),
      headers: { ...NAMED, ...headers },
    }),
    ApiProblems(...OF_A_SEPARATION, ...problems),
  );
}

/** Documents a stored file: whole, by range, or only if it changed. */
export function ApiFile(download: Download): MethodDecorator {
  const content = contentOf(download);
  return applyDecorators(
    ApiStream({ ...download, problems: [...download.problems, 'range_not_satisfiable'] }),
    ApiHeader({ name: 'Range', required: false, description: 'one range, such as `bytes=0-1023`' }),
    ApiQuery({
      name: 'v',
      required: false,
      schema: { type: 'string' },
      description: 'the version of a link: the answer may be cached for ever while it is served',
    }),
    ApiHeader({ name: 'If-None-Match', required: false }),
    ApiHeader({ name: 'If-Range', required: false }),
    ApiResponse({ status: 200, description: 'The file', content, headers: TAGGED }),
    ApiResponse({ status: 206, description: 'The requested range', content, headers: TAGGED }),
    ApiResponse({ status: 304, description: 'Not modified' }),
  );
}

function contentOf({ contentTypes }: Download): Record<string, typeof BINARY> {
  return Object.fromEntries(contentTypes.map((type) => [type, BINARY]));
}
