import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';

/** What the first middleware and the access guard found out about a call. */
export interface ApiRequest extends Request {
  requestId?: string;
  /** name of the API key, null where none is needed; undefined until the guard has run */
  owner?: string | null;
}

/** Owner of what this call makes or asks for. @throws where no guard has run, which is a fault of the routing. */
export function ownerOf(request: ApiRequest): string | null {
  if (request.owner === undefined) throw new Error('the access guard has not run for this call');
  return request.owner;
}

export function requestIdOf(request: ApiRequest): string {
  return request.requestId ?? 'none';
}

/** Parameter of a handler: the name of the caller's API key, or null. */
export const Owner = createParamDecorator((_: unknown, context: ExecutionContext) =>
  ownerOf(context.switchToHttp().getRequest<ApiRequest>()),
);

/** Parameter of a handler: the id of this call, in every log line and answer. */
export const RequestId = createParamDecorator((_: unknown, context: ExecutionContext) =>
  requestIdOf(context.switchToHttp().getRequest<ApiRequest>()),
);
