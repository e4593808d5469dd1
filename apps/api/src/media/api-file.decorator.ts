import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiProduces, ApiResponse } from '@nestjs/swagger';

const BINARY = { schema: { type: 'string', format: 'binary' } } as const;

/** Describes a download in the OpenAPI document: whole, in part, or not changed. */
export function ApiFile(...contentTypes: readonly string[]): MethodDecorator {
  const content = Object.fromEntries(contentTypes.map((type) => [type, BINARY]));
  const headers = {
    ETag: { schema: { type: 'string' } },
    'Content-Disposition': { schema: { type: 'string' }, description: 'a safe file name (RFC 6266)' },
  } as const;
  return applyDecorators(
    ApiProduces(...contentTypes, 'application/problem+json'),
    ApiHeader({ name: 'Range', required: false, description: 'one range, such as `bytes=0-1023`' }),
    ApiHeader({ name: 'If-None-Match', required: false }),
    ApiHeader({ name: 'If-Range', required: false }),
    ApiResponse({ status: 200, description: 'The file', content, headers }),
    ApiResponse({ status: 206, description: 'The range that was asked for', content, headers }),
    ApiResponse({ status: 304, description: 'Not changed' }),
  );
}
