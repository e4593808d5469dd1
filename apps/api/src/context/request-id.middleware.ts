import { randomUUID } from 'node:crypto';
import { runWithLogContext } from '@app/logging';
import type { NextFunction, Response } from 'express';
import type { ApiRequest } from './api-request.js';

/** what may stand in a header and in a line of a log */
const SAFE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** Gives every call an id, its own where that is safe: in the answer, and in every line logged for it. */
export function requestId(request: ApiRequest, response: Response, next: NextFunction): void {
  const given = request.headers['x-request-id'];
  const id = typeof given === 'string' && SAFE.test(given) ? given : randomUUID();
  request.requestId = id;
  response.set('x-request-id', id);
  runWithLogContext({ requestId: id }, next);
}
