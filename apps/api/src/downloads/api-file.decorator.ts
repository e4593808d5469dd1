import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiProduces, ApiResponse } from '@nestjs/swagger';
import { ApiProblems, OF_A_SEPARATION } from '../problems/api-problems.decorator.js';
import type { ProblemCode } from '../problems/problem-codes.js';

interface Download {
  readonly summary: string;
  readonly description?: string;
  readonly contentTypes: readonly string[];
  /** besides those of every call that names a separation */
  readonly problems: readonly ProblemCode[];
  /** besides the name */
  readonly headers?: ResponseHeaders;
}

type ResponseHeaders = Readonly<
  Record<string, { readonly schema: { readonly type: 'number' }; readonly description: string }>
>;

const BINARY = { schema: { type: 'string', format: 'binary' } } as const;

const NAMED = {
  'Content-Disposition': { schema: { type: 'string' }, description: 'a safe file name (RFC 6266)' },
} as const;

const TAGGED = { ...NAMED, ETag: { schema: { type: 'string' } } } as const;

/** of what may have to be encoded before it is sent */
export const OF_STEMS = ['stem_not_found', 'not_completed', 'unknown_format', 'busy'] as const satisfies ProblemCode[];

/** Describes a download that is made for the call: always whole. */
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

/** Describes a download that may be asked for whole, in part, or only where the client has another. */
export function ApiFile(download: Download): MethodDecorator {
  const content = contentOf(download);
  return applyDecorators(
    ApiStream({ ...download, problems: [...download.problems, 'range_not_satisfiable'] }),
    ApiHeader({ name: 'Range', required: false, description: 'one range, such as `bytes=0-1023`' }),
    ApiHeader({ name: 'If-None-Match', required: false }),
    ApiHeader({ name: 'If-Range', required: false }),
    ApiResponse({ status: 200, description: 'The file', content, headers: TAGGED }),
    ApiResponse({ status: 206, description: 'The range that was asked for', content, headers: TAGGED }),
    ApiResponse({ status: 304, description: 'Not changed' }),
  );
}

function contentOf({ contentTypes }: Download): Record<string, typeof BINARY> {
  return Object.fromEntries(contentTypes.map((type) => [type, BINARY]));
}
