import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { json, type Response } from 'express';
import { ProblemError } from '../problems/problem.error.js';
import type { ApiRequest } from '../context/api-request.js';

const LIMIT_BYTES = 16 * 1024;

/** the second one names what `null` means here (RFC 7396) */
export const JSON_TYPES = ['application/json', 'application/merge-patch+json'] as const;

const parse = json({ limit: LIMIT_BYTES, type: [...JSON_TYPES] });

/** Reads a small JSON body, after the guards have let the caller in. The other calls have no such body. */
@Injectable()
export class JsonBody implements NestInterceptor {
  async intercept(context: ExecutionContext, next: CallHandler): Promise<ReturnType<CallHandler['handle']>> {
    const http = context.switchToHttp();
    const request = http.getRequest<ApiRequest>();
    request.letContinue?.();
    await read(request, http.getResponse<Response>());
    if (request.body !== undefined) return next.handle();
    throw new ProblemError('unsupported_media_type', 'Send JSON with Content-Type: application/json.');
  }
}

function read(request: ApiRequest, response: Response): Promise<void> {
  return new Promise((resolve, reject) => {
    parse(request, response, (error?: unknown) => {
      if (error === undefined) resolve();
      else reject(refusalOf(error));
    });
  });
}

function refusalOf(error: unknown): ProblemError {
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  const cause = { cause: error };
  if (status === 413) return new ProblemError('invalid_request', `The body has more than ${LIMIT_BYTES} bytes.`, cause);
  if (status === 415) {
    return new ProblemError('unsupported_media_type', 'Send JSON in UTF-8, plain or compressed by gzip.', cause);
  }
  return new ProblemError('invalid_request', 'The body cannot be read as a JSON object.', cause);
}
