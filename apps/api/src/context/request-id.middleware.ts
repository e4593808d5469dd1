import { randomUUID } from 'node:crypto';
import { runWithLogContext } from '@app/logging';
import type { NextFunction, Response } from 'express';
import type { ApiRequest } from './api-request.js';

/** safe in a header and in a log line */
const SAFE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** Gives every request an id, in its response and its log lines. Keeps the client's `x-request-id` if it is safe. */
export function requestId(request: ApiRequest, response: Response, next: NextFunction): void {
  const given = request.headers['x-request-id'];
  const id = typeof given === 'string' && SAFE.test(given) ? given : randomUUID();
  request.requestId = id;
  response.set('x-request-id', id);
  runWithLogContext({ requestId: id }, next);
}
