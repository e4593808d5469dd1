import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { AccessKey } from './access-key.js';

/** A request with what the request-id middleware and the access guard add. */
export interface ApiRequest extends Request {
  requestId?: string;
  /** whose separations the caller may see, or null for those without an owner; undefined until the guard has run */
  owner?: string | null;
  /** the caller's, where keys are needed */
  key?: AccessKey;
  /** names the caller for limits and the audit log, see `clientName`; undefined until the guard has run */
  client?: string;
  /** whether the key that came with the request is not valid any longer: for requests that take their time */
  isRevoked?: () => boolean;
  /** tells a client that waits for it to send the body */
  letContinue?: (() => void) | undefined;
}

/** Whose separations the caller may see, or null for those without an owner. @throws Error when the access guard did not run, which is a bug */
export function ownerOf(request: ApiRequest): string | null {
  if (request.owner === undefined) throw new Error('the access guard did not run for this request');
  return request.owner;
}

export function requestIdOf(request: ApiRequest): string {
  return request.requestId ?? 'none';
}

/** Handler parameter: whose separations the caller may see, or null for those without an owner. */
export const Owner = createParamDecorator((_: unknown, context: ExecutionContext) =>
  ownerOf(context.switchToHttp().getRequest<ApiRequest>()),
);
