import { describe, expect, it } from '@jest/globals';
import { AddressRanges, isPublicAddress } from './address-ranges.js';
import { HostList } from './host-list.js';
import { outboundUrl } from './outbound-url.js';

/** first and last of each range that the IANA registries give to something else than the public internet */
const NOT_PUBLIC: Readonly<Record<string, readonly string[]>> = {
  'this network': ['0.0.0.0', '0.255.255.255', '::'],
  loopback: ['127.0.0.1', '127.255.255.254', '::1'],
  private: ['10.0.0.0', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1', '192.168.255.255'],
  'carrier NAT': ['100.64.0.0', '100.127.255.255'],
  'link-local': ['169.254.0.1', '169.254.169.254', 'fe80::1', 'febf::1', 'fe80::1%eth0'],
  'unique-local': ['fc00::1', 'fdff:ffff::1', 'fd00:ec2::254'],
  'site-local': ['fec0::1', 'feff::1'],
  multicast: ['224.0.0.1', '239.255.255.255', 'ff00::', 'ff02::1'],
  'protocol assignments': ['192.0.0.1', '192.0.0.255', '2001:1ff::1'],
  documentation: ['192.0.2.1', '198.51.100.1', '203.0.113.255', '2001:db8::1', '3fff::1'],
  benchmarks: ['198.18.0.1', '198.19.255.255', '2001:2::1'],
  'old relays': ['192.88.99.1', '192.52.193.1', '192.31.196.1', '192.175.48.1'],
  'the future, and broadcast': ['240.0.0.1', '255.255.255.254', '255.255.255.255'],
  'IPv4, mapped': ['::ffff:127.0.0.1', '::ffff:8.8.8.8', '::ffff:0:127.0.0.1'],
  'IPv4, compatible': ['::127.0.0.1', '::7f00:1', '::a9fe:a9fe', '::8.8.8.8'],
  'IPv4, by NAT64': ['64:ff9b::7f00:1', '64:ff9b::8.8.8.8', '64:ff9b:1::a00:1'],
  'IPv4, by 6to4': ['2002:7f00:1::1', '2002:808:808::1'],
  'IPv4, by Teredo': ['2001::1', '2001:0:4136:e378:8000:63bf:3fff:fdd2'],
  'discarded, or for routers': ['100::1', '5f00::1'],
  'host of a virtual machine': ['168.63.129.16'],
  'not an address': ['', 'localhost', '1.2.3', '999.1.1.1'],
};

const PUBLIC = [
  '1.1.1.1',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '192.167.255.255',
  '223.255.255.255',
  '2600::1',
  '2a00:1450:4001::200e',
];

describe(isPublicAddress.name, () => {
  it.each(Object.entries(NOT_PUBLIC))('is false for %s', (_what, addresses) => {
    expect(addresses.filter(isPublicAddress)).toEqual([]);
  });

  it('is true on both sides of these ranges', () => {
    expect(PUBLIC.filter((address) => !isPublicAddress(address))).toEqual([]);
  });
});

describe(AddressRanges.name, () => {
  it('has what its entries name, and nothing that stands for it', () => {
    const sut = AddressRanges.parse(['192.168.1.0/24', '127.0.0.1', 'fd00::/8']);
    const asked = ['192.168.1.7', '192.168.2.7', '127.0.0.1', '127.0.0.2', 'fd12::1', 'fc00::1', '::ffff:127.0.0.1'];
    expect(asked.filter((address) => sut.includes(address))).toEqual(['192.168.1.7', '127.0.0.1', 'fd12::1']);
  });

  it.each(['10.0.0.0/33', 'nas', '10.1', '0x7f000001', '*', ''])('takes no %p', (entry) => {
    expect(AddressRanges.isRange(entry)).toBe(false);
    expect(() => AddressRanges.parse([entry])).toThrow(RangeError);
  });
});

describe(HostList.name, () => {
  const allowed = (entries: readonly string[], hosts: readonly string[]): string[] =>
    hosts.filter((host) => new HostList(entries).allows(new URL(`http://${host}/`)));

  it('allows names, what is below a name, addresses and ranges', () => {
    const hosts = [
      'music.test',
      'MUSIC.test.',
      'a.music.test',
      'x.cdn.test',
      'cdn.test',
      'xcdn.test',
      '10.0.0.9',
      '10.1.0.9',
    ];
    expect(allowed(['Music.test', '*.cdn.test', '10.0.0.0/24'], hosts)).toEqual([
      'music.test',
      'MUSIC.test.',
      'x.cdn.test',
      '10.0.0.9',
    ]);
    expect(allowed(['*'], hosts)).toEqual(hosts);
    expect(allowed([], hosts)).toEqual([]);
  });

  it.each([
    ['*', true],
    ['nas', true],
    ['*.example.com', true],
    ['10.0.0.0/8', true],
    ['http://example.com', false],
    ['a.*.com', false],
    ['10.1', false],
    ['example.com:80', false],
  ])('knows whether %s is an entry', (entry, isOne) => {
    expect(HostList.isEntry(entry)).toBe(isOne);
  });
});

describe(outboundUrl.name, () => {
  it.each([
    ['http://2130706433/', '127.0.0.1'],
    ['http://0x7f.1/', '127.0.0.1'],
    ['http://0177.0.0.1/', '127.0.0.1'],
    ['http://0/', '0.0.0.0'],
    ['http://①②⑦.⓪.⓪.①/', '127.0.0.1'],
    ['http://[::ffff:127.0.0.1]/', '[::ffff:7f00:1]'],
  ])('turns %s into the address that it stands for', (text, hostname) => {
    expect(outboundUrl(text)?.hostname).toBe(hostname);
  });

  it.each(['ftp://a/', 'file:///etc/passwd', 'http://user@a/', 'http://:word@a/', 'a', `http://a/${'x'.repeat(2000)}`])(
    'refuses %s',
    (text) => {
      expect(outboundUrl(text)).toBeUndefined();
    },
  );
});
