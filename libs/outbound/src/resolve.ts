import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { isPublicAddress, type AddressRanges } from './address-ranges.js';
import { OutboundError } from './outbound.error.js';

/** Finds the addresses of a host name. @throws if it has none */
export type Resolve = (host: string) => Promise<readonly LookupAddress[]>;

/** As other programs on this machine do, with its hosts file and search domains. */
export const systemResolve: Resolve = (host) => lookup(host, { all: true });

/**
 * The addresses of a URL's host, all of them allowed: one that is not makes the whole answer of the name server
 * untrustworthy.
 * @throws OutboundError address_refused or name_not_found
 */
export async function allowedAddresses(
  { hostname }: URL,
  allowed: AddressRanges,
  resolve: Resolve,
): Promise<readonly LookupAddress[]> {
  const addresses = await addressesOf(hostname.replace(/^\[|\]$/g, ''), resolve);
  const refused = addresses.find(({ address }) => !isPublicAddress(address) && !allowed.includes(address));
  if (refused === undefined) return addresses;
  throw new OutboundError('address_refused', `${hostname} leads to ${refused.address}, which is not a public address.`);
}

async function addressesOf(host: string, resolve: Resolve): Promise<readonly LookupAddress[]> {
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family }];
  const addresses = await resolve(host).catch((error: unknown) => {
    throw notFound(host, error);
  });
  if (addresses.length === 0) throw notFound(host);
  return addresses;
}

function notFound(host: string, cause?: unknown): OutboundError {
  return new OutboundError('name_not_found', `The name server knows no address of ${host}.`, { cause });
}
