import type { OpenAPIObject } from '@nestjs/swagger';
import { operationsOf, responsesOf } from './operations.js';

type Headers = NonNullable<NonNullable<OpenAPIObject['components']>['headers']>;

const text = { type: 'string' };
const count = { type: 'integer', minimum: 0 };

/** The headers that more than one call answers, by name. */
export const RESPONSE_HEADERS = {
  'x-request-id': {
    description: 'names the call in the log of the server; your own if you sent one',
    required: true,
    schema: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$' },
  },
  'RateLimit-Limit': { description: 'calls a minute; without a limit these headers are absent', schema: count },
  'RateLimit-Remaining': { description: 'calls that are left of this minute', schema: count },
  'RateLimit-Reset': { description: 'seconds until all calls are left again', schema: count },
  'Retry-After': { description: 'seconds to wait', required: true, schema: { type: 'integer', minimum: 1 } },
  'WWW-Authenticate': { required: true, schema: text },
  Location: {
    description: 'the separation or the upload',
    required: true,
    schema: { type: 'string', format: 'uri-reference' },
  },
  ETag: { description: 'names the bytes', required: true, schema: { type: 'string', pattern: '^"[!-~]+"$' } },
  'Accept-Ranges': { required: true, schema: { type: 'string', enum: ['bytes'] } },
  'Cache-Control': { description: 'for ever if the link names its content', required: true, schema: text },
  'Content-Disposition': { description: 'a safe file name (RFC 6266)', required: true, schema: text },
  'Content-Length': { required: true, schema: count },
  'Content-Range': { description: 'the range, or `*`, and the length of the whole', required: true, schema: text },
  'Tus-Resumable': { description: 'the version of the tus protocol', required: true, schema: text },
  'Upload-Offset': { description: 'bytes that are stored', required: true, schema: count },
  'Upload-Length': { description: 'bytes of the whole', required: true, schema: count },
  'Upload-Metadata': { description: 'as you sent it', required: true, schema: text },
  'Upload-Expires': { description: 'when it ends, as a date of HTTP', required: true, schema: text },
} as const satisfies Headers;

export type HeaderName = keyof typeof RESPONSE_HEADERS;

const OF_STATUS: Readonly<Record<string, readonly HeaderName[]>> = {
  401: ['WWW-Authenticate'],
  416: ['Content-Range'],
  429: ['Retry-After'],
  503: ['Retry-After'],
  507: ['Retry-After'],
};

const RATE_LIMIT: readonly HeaderName[] = ['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'];

/** References to headers, for a response of one call. */
export function headerRefs(...names: readonly HeaderName[]): Record<string, { $ref: string }> {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** Adds the headers that follow from the status, and those of every call. */
export function addResponseHeaders(document: OpenAPIObject): void {
  document.components = { ...document.components, headers: { ...RESPONSE_HEADERS } };
  for (const operation of operationsOf(document)) {
    // what may need a key counts calls
    const isLimited = (operation.security ?? []).length > 0;
    const always: HeaderName[] = ['x-request-id', ...(isLimited ? RATE_LIMIT : [])];
    for (const [status, response] of Object.entries(responsesOf(operation))) {
      response.headers = { ...headerRefs(...always, ...(OF_STATUS[status] ?? [])), ...response.headers };
    }
  }
}
