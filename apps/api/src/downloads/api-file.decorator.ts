import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { CONTAINERS, CONTENT_TYPES, FORMATS, type ProblemCode } from '@app/separations';
import { headerRefs, type HeaderName } from '../docs/response-headers.js';
import { ApiProblems, OF_A_SEPARATION } from '../problems/api-problems.decorator.js';

interface Download {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly contentTypes: readonly string[];
  /** what else than bytes it is */
  readonly schema?: { readonly $ref: string };
  /** in addition to those of every call that names a separation */
  readonly problems: readonly ProblemCode[];
  /** whether browsers save it under a name; all audio files have one unless they say otherwise */
  readonly isNamed?: boolean;
}

type ResponseHeader = Readonly<{ schema: { readonly type: 'number' }; description: string }>;

const BYTES = { type: 'string', format: 'binary' } as const;

/** of the formats of a stem */
export const AUDIO_TYPES = FORMATS.flatMap((format) => CONTENT_TYPES[format] ?? []);

/** of the songs that are accepted */
export const SONG_TYPES = Object.values(CONTAINERS).map(({ contentType }) => contentType);

const OF_A_VERSION = ['ETag', 'Cache-Control'] as const satisfies HeaderName[];

/** of every call that may encode before it sends */
export const OF_STEMS = [
  'stem_not_found',
  'not_completed',
  'unknown_format',
  'busy',
  'ffmpeg_unavailable',
] as const satisfies ProblemCode[];

/** Documents a download that is made for the call and is always whole. */
export function ApiStream(download: Download, ownHeaders: Readonly<Record<string, ResponseHeader>>): MethodDecorator {
  const headers = { ...headerRefs('Content-Disposition', 'Content-Length', 'Cache-Control'), ...ownHeaders };
  return applyDecorators(
    operationOf(download),
    ApiResponse({ status: 200, description: 'The file', content: contentOf(download, BYTES), headers }),
    ApiProblems(...OF_A_SEPARATION, ...download.problems),
  );
}

/** Documents the `v` of links that name their content. */
export function ApiVersion(): MethodDecorator {
  return ApiQuery({
    name: 'v',
    required: false,
    schema: { type: 'string' },
    description: 'the version of a link: the answer may be cached for ever while it is served',
  });
}

/** Documents a file that keeps its bytes: whole, by range, or only if it changed. */
export function ApiFile(download: Download): MethodDecorator {
  const { schema, isNamed = schema === undefined } = download;
  const names: HeaderName[] = [...OF_A_VERSION, 'Accept-Ranges', 'Content-Length'];
  const headers = headerRefs(...names, ...(isNamed ? (['Content-Disposition'] as const) : []));
  return applyDecorators(
    operationOf(download),
    ApiHeader({ name: 'Range', required: false, description: 'one range, such as `bytes=0-1023`' }),
    ApiHeader({ name: 'If-None-Match', required: false, description: 'the ETag of what you have' }),
    ApiHeader({ name: 'If-Range', required: false, description: 'the ETag of what you have a part of' }),
    ApiResponse({
      status: 200,
      description: 'The file',
      content: contentOf(download, schema ?? BYTES),
      headers,
    }),
    ApiResponse({
      status: 206,
      description: 'The requested range',
      // a part of a JSON document has its media type, and no schema
      content: contentOf(download, schema === undefined ? BYTES : undefined),
      headers: { ...headers, ...headerRefs('Content-Range') },
    }),
    ApiResponse({ status: 304, description: 'Not modified', headers: headerRefs(...OF_A_VERSION) }),
    ApiProblems(...OF_A_SEPARATION, ...download.problems, 'range_not_satisfiable'),
  );
}

function operationOf({ operationId, summary, description = '' }: Download): MethodDecorator {
  return ApiOperation({ operationId, summary, description });
}

function contentOf({ contentTypes }: Download, schema?: object): Record<string, { readonly schema?: object }> {
  return Object.fromEntries(contentTypes.map((type) => [type, schema === undefined ? {} : { schema }]));
}
