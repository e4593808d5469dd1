import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';

/** A request with what the request-id middleware and the access guard add. */
export interface ApiRequest extends Request {
  requestId?: string;
  /** name of the API key, or null without keys; undefined until the guard has run */
  owner?: string | null;
  /** whether the key that came with the request is not valid any longer: for requests that take their time */
  isRevoked?: () => boolean;
  /** tells a client that waits for it to send the body */
  letContinue?: (() => void) | undefined;
}

/** The caller's key name, or null. @throws Error when the access guard did not run, which is a bug */
export function ownerOf(request: ApiRequest): string | null {
  if (request.owner === undefined) throw new Error('the access guard did not run for this request');
  return request.owner;
}

export function requestIdOf(request: ApiRequest): string {
  return request.requestId ?? 'none';
}

/** Handler parameter: the name of the caller's API key, or null. */
export const Owner = createParamDecorator((_: unknown, context: ExecutionContext) =>
  ownerOf(context.switchToHttp().getRequest<ApiRequest>()),
);
