import type { LookupAddress } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { isPublicAddress, type AddressRanges } from './address-ranges.js';
import { addressesInHostsFile } from './hosts-file.js';
import { OutboundError } from './outbound.error.js';

/** Finds the addresses of a host name, until the signal aborts. @throws if it has none */
export type Resolve = (host: string, signal: AbortSignal) => Promise<readonly LookupAddress[]>;

/** c-ares waits for a name server this long, and longer the second time, ms */
const NAME_SERVER = { timeout: 2000, tries: 2 };

/**
 * Reads the hosts file, then asks name servers for both families. It takes full names: search domains do not count.
 * Not `dns.lookup`: that cannot be cancelled, and holds threads that lookups of Redis and the store need as well.
 * @param servers addresses with ports; default those of this machine
 */
export function nameResolver(servers?: readonly string[]): Resolve {
  return async (host, signal) => {
    const listed = await addressesInHostsFile(host);
    return listed.length > 0 ? listed : askNameServers(host, signal, servers);
  };
}

async function askNameServers(
  host: string,
  signal: AbortSignal,
  servers?: readonly string[],
): Promise<readonly LookupAddress[]> {
  signal.throwIfAborted();
  const resolver = new Resolver(NAME_SERVER);
  if (servers !== undefined) resolver.setServers(servers);
  const cancel = (): void => {
    resolver.cancel();
  };
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const [v4, v6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    if (v4.status === 'rejected' && v6.status === 'rejected') throw v4.reason;
    return [...found(v4, 4), ...found(v6, 6)];
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

function found(answer: PromiseSettledResult<string[]>, family: 4 | 6): LookupAddress[] {
  return answer.status === 'fulfilled' ? answer.value.map((address) => ({ address, family })) : [];
}

/**
 * The addresses of a URL's host, all of them allowed: one that is not makes the whole answer of the name server
 * untrustworthy.
 * @throws OutboundError address_refused or name_not_found, or the signal's reason
 */
export async function allowedAddresses(
  { hostname }: URL,
  allowed: AddressRanges,
  resolve: Resolve,
  signal: AbortSignal,
): Promise<readonly LookupAddress[]> {
  const addresses = await addressesOf(hostname.replace(/^\[|\]$/g, ''), resolve, signal);
  if (addresses.every(({ address }) => isPublicAddress(address) || allowed.includes(address))) return addresses;
  // without the address, which may be one of this network
  throw new OutboundError('address_refused', `${hostname} does not lead to a public address.`);
}

async function addressesOf(host: string, resolve: Resolve, signal: AbortSignal): Promise<readonly LookupAddress[]> {
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family }];
  const addresses = await resolve(host, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    throw notFound(host, error);
  });
  if (addresses.length === 0) throw notFound(host);
  return addresses;
}

function notFound(host: string, cause?: unknown): OutboundError {
  return new OutboundError('name_not_found', `The name server knows no address of ${host}.`, { cause });
}
