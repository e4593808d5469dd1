import type { Request } from 'express';
import { ownerOf, type ApiRequest } from '../context/api-request.js';

/** The API key that the caller sent, as `Authorization: Bearer` or `x-api-key`. */
export function presentedKey(request: Request): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const header = request.headers['x-api-key'];
  return bearer ?? (typeof header === 'string' && header !== '' ? header : undefined);
}

/** Names a caller for rate and stream limits: by key, or else by address. */
export function clientName(owner: string | null | undefined, address: string | undefined): string {
  return typeof owner === 'string' ? `key:${owner}` : `address:${address ?? 'unknown'}`;
}

/** Names the caller of a request that the access guard let in. */
export function callerOf(request: ApiRequest): string {
  return clientName(ownerOf(request), request.ip);
}
