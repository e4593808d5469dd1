import { AddressRanges } from './address-ranges.js';

const NAME = /^(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i;

/**
 * Hosts that an operator allows: `*` for every public one, names, names below a name (`*.example.com`), addresses and
 * ranges. A name leads only to public addresses, unless a range lists them too.
 */
export class HostList {
  /** addresses that may be connected to although they are not public */
  readonly ranges: AddressRanges;
  private readonly names: readonly string[];

  /** @param entries valid ones, see `isEntry` */
  constructor(private readonly entries: readonly string[]) {
    this.ranges = AddressRanges.parse(entries.filter((entry) => AddressRanges.isRange(entry)));
    this.names = entries.filter((entry) => !AddressRanges.isRange(entry)).map((name) => name.toLowerCase());
  }

  static isEntry(entry: string): boolean {
    return entry === '*' || AddressRanges.isRange(entry) || (NAME.test(entry) && !/^[\d.]+$/.test(entry));
  }

  get isEmpty(): boolean {
    return this.entries.length === 0;
  }

  /** Whether the host of a URL is listed; its addresses are checked when it is connected to. */
  allows({ hostname }: Pick<URL, 'hostname'>): boolean {
    const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
    return this.ranges.includes(host) || this.names.some((name) => matches(host, name));
  }
}

function matches(host: string, name: string): boolean {
  if (name === '*') return true;
  return name.startsWith('*.') ? host.endsWith(name.slice(1)) : host === name;
}
