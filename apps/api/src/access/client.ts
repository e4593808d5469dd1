import type { Request } from 'express';
import ipaddr from 'ipaddr.js';
import type { ApiRequest } from '../context/api-request.js';

/** The API key that the caller sent, as `Authorization: Bearer` or `x-api-key`. */
export function presentedKey(request: Request): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const header = request.headers['x-api-key'];
  return bearer ?? (typeof header === 'string' && header !== '' ? header : undefined);
}

/** Names a caller for rate and stream limits: by key, or else by network, see `networkOf`. */
export function clientName(key: string | undefined, address: string | undefined): string {
  return key === undefined ? `address:${networkOf(address)}` : `key:${key}`;
}

/** An IPv4 address, also of one that is mapped, or the /64 of an IPv6 address: whoever has one has all of it. */
function networkOf(address: string | undefined): string {
  if (address === undefined || !ipaddr.isValid(address)) return address ?? 'unknown';
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${withoutZone(parsed)}/64`).toString()}/64`;
}

/** A link-local address may name its interface. */
function withoutZone({ parts }: ipaddr.IPv6): string {
  return new ipaddr.IPv6(parts).toString();
}

/** undefined for a client without a key */
export function keyNameOf(client: string): string | undefined {
  return /^key:(.*)$/.exec(client)?.[1];
}

/** undefined for a client with a key */
export function networkIn(client: string): string | undefined {
  return /^address:(.*)$/.exec(client)?.[1];
}

/** Names the caller of a request that the access guard has seen. @throws Error when it did not run, which is a bug */
export function callerOf({ client }: ApiRequest): string {
  if (client === undefined) throw new Error('the access guard did not run for this request');
  return client;
}
