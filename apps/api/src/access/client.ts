import type { Request } from 'express';

/** The key as the caller sent it: `Authorization: Bearer` or `x-api-key`. */
export function presentedKey(request: Request): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const header = request.headers['x-api-key'];
  return bearer ?? (typeof header === 'string' && header !== '' ? header : undefined);
}

/** One name for each caller, for what is counted: by key, or by address where there is none. */
export function clientName(owner: string | null | undefined, address: string | undefined): string {
  return typeof owner === 'string' ? `key:${owner}` : `address:${address ?? 'unknown'}`;
}
