import { describe, expect, it } from '@jest/globals';
import { createServer, request, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Request } from 'express';
import { clientName, presentedKey } from './client.js';

/** the request as a server receives it */
async function receive(headers: Record<string, string>): Promise<Request> {
  const server = createServer((_, response) => response.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const received = once(server, 'request');
  const call = request({ port: (server.address() as AddressInfo).port, headers }).end();
  const [incoming] = (await received) as [IncomingMessage];
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  response.resume();
  server.close();
  return incoming as Request;
}

describe(presentedKey.name, () => {
  it.each<[what: string, headers: Record<string, string>, key: string | undefined]>([
    ['a bearer token', { authorization: 'Bearer k1' }, 'k1'],
    ['a bearer token in lower case', { authorization: 'bearer   k1' }, 'k1'],
    ['x-api-key', { 'x-api-key': 'k2' }, 'k2'],
    ['both, the bearer token first', { authorization: 'Bearer k1', 'x-api-key': 'k2' }, 'k1'],
    ['x-api-key beside another scheme', { authorization: 'Basic k1', 'x-api-key': 'k2' }, 'k2'],
    ['no key', {}, undefined],
    ['an empty key', { 'x-api-key': '' }, undefined],
    ['an empty token', { authorization: 'Bearer ' }, undefined],
    ['two tokens', { authorization: 'Bearer k1 k2' }, undefined],
    ['a longer scheme', { authorization: 'MyBearer k1' }, undefined],
  ])('reads %s', async (_, headers, key) => {
    expect(presentedKey(await receive(headers))).toBe(key);
  });
});

describe(clientName.name, () => {
  it('counts an IPv6 client by its network, and a mapped address as IPv4', () => {
    expect(clientName(undefined, '2001:db8:1:2:aaaa::1')).toBe('address:2001:db8:1:2::/64');
    expect(clientName(undefined, '2001:db8:1:2:bbbb::2')).toBe('address:2001:db8:1:2::/64');
    expect(clientName(undefined, '2001:db8:1:3::1')).toBe('address:2001:db8:1:3::/64');
    expect(clientName(undefined, 'fe80::1%eth0')).toBe('address:fe80::/64');
    expect(clientName(undefined, '::ffff:10.0.0.9')).toBe('address:10.0.0.9');
  });

  it('tells keys and addresses apart', () => {
    expect(clientName('ann', '10.0.0.9')).toBe('key:ann');
    expect(clientName('10.0.0.9', undefined)).toBe('key:10.0.0.9');
    expect(clientName(undefined, '10.0.0.9')).toBe('address:10.0.0.9');
    expect(clientName(undefined, undefined)).toBe('address:unknown');
  });
});
