import { createHash } from 'node:crypto';
import type { Request } from 'express';
import type { ApiRequest } from '../context/api-request.js';

/** The API key that the caller sent, as `Authorization: Bearer` or `x-api-key`. */
export function presentedKey(request: Request): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const header = request.headers['x-api-key'];
  return bearer ?? (typeof header === 'string' && header !== '' ? header : undefined);
}

/** Names a caller for rate and stream limits: by key, or else by address. */
export function clientName(key: string | undefined, address: string | undefined): string {
  return key === undefined ? `address:${address ?? 'unknown'}` : `key:${key}`;
}

/** undefined for a client without a key */
export function keyNameOf(client: string): string | undefined {
  return /^key:(.*)$/.exec(client)?.[1];
}

/**
 * Names who takes turns in the queue: a key, or one of 65536 classes of addresses, which is stored with the song and tells
 * nobody's address.
 */
export function turnTaker(client: string): string {
  const [, address] = /^address:(.*)$/.exec(client) ?? [];
  if (address === undefined) return client;
  return `address:${createHash('sha256').update(address).digest('hex').slice(0, 4)}`;
}

/** Names the caller of a request that the access guard has seen. @throws Error when it did not run, which is a bug */
export function callerOf({ client }: ApiRequest): string {
  if (client === undefined) throw new Error('the access guard did not run for this request');
  return client;
}
