import ipaddr from 'ipaddr.js';

/** the only part of IPv6 that is given to public networks (RFC 4291, IANA) */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/** the host of a virtual machine in Azure, with its credentials; a public address by its range */
const CLOUD_HOSTS = new Set(['168.63.129.16']);

/**
 * Whether an address is one of the public internet. Not public: loopback, private, link-local, unique-local, carrier
 * NAT, multicast, reserved, and IPv6 addresses that stand for an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo),
 * and the host of a virtual machine.
 */
export function isPublicAddress(address: string): boolean {
  const parsed = parseAddress(address);
  if (parsed !== undefined && CLOUD_HOSTS.has(parsed.toString())) return false;
  // the library knows no range for ::/96, which some systems take for IPv4
  return parsed?.range() === 'unicast' && (parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_UNICAST));
}

type Range = readonly [address: ipaddr.IPv4 | ipaddr.IPv6, bits: number];

/** Addresses and ranges of addresses, such as `192.168.1.20`, `10.0.0.0/8` or `fd00::/8`. */
export class AddressRanges {
  static readonly none = new AddressRanges([]);

  private constructor(private readonly ranges: readonly Range[]) {}

  static isRange(entry: string): boolean {
    return parseRange(entry) !== undefined;
  }

  /** @throws RangeError for an entry that is neither an address nor a range */
  static parse(entries: readonly string[]): AddressRanges {
    return new AddressRanges(
      entries.map((entry) => {
        const range = parseRange(entry);
        if (range === undefined) throw new RangeError(`${entry} is neither an address nor a range`);
        return range;
      }),
    );
  }

  includes(address: string): boolean {
    const parsed = parseAddress(address);
    // an IPv4 range does not allow the IPv6 addresses that stand for it
    return this.ranges.some(([base, bits]) => base.kind() === parsed?.kind() && parsed.match(base, bits));
  }
}

function parseRange(entry: string): Range | undefined {
  if (ipaddr.isValidCIDR(entry)) return ipaddr.parseCIDR(entry);
  const address = parseAddress(entry);
  return address && [address, address.kind() === 'ipv4' ? 32 : 128];
}

function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  // the library also takes 10.1 and 0x7f000001
  return ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text) ? ipaddr.parse(text) : undefined;
}
