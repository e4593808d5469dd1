import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startDnsServer, type DnsServer } from '../../../test/support/servers/dns-server.js';
import { selfSigned, type Certificate } from '../../../test/support/servers/certificate.js';
import { AddressRanges } from './address-ranges.js';
import { OutboundClient } from './outbound-client.js';

const TIMEOUT_MS = 1000;

describe(OutboundClient.name, () => {
  let dns: DnsServer;
  let certificate: Certificate;
  const servers: TcpServer[] = [];

  beforeAll(async () => {
    dns = await startDnsServer();
    certificate = await selfSigned('hooks.test');
  });

  afterAll(async () => {
    await dns.close();
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  });

  const client = (allowed = ['127.0.0.1'], ca?: string): OutboundClient =>
    new OutboundClient({
      allowed: AddressRanges.parse(allowed),
      timeoutMs: TIMEOUT_MS,
      resolve: dns.resolve,
      ...(ca !== undefined && { ca }),
    });

  async function listen(server: TcpServer): Promise<number> {
    servers.push(server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  const serve = (listener: RequestListener): Promise<number> => listen(createServer(listener));

  it('sends to the address that it checked, with the name of the host', async () => {
    const port = await serve((request, response) => {
      response.end(`${request.method} ${request.headers.host} ${String(request.headers['x-a'])}`);
    });
    dns.answer('hooks.test', '127.0.0.1');
    const url = new URL(`http://hooks.test:${port}/`);
    const answer = await client().send(url, { method: 'POST', headers: { 'x-a': 'b' }, body: 'é' });
    expect(answer.status).toBe(200);
    expect(await text(answer.body)).toBe(`POST hooks.test:${port} b`);
  });

  it.each([0, 22, 25, 6379, 11211])('refuses port %i before it asks for the name', async (port) => {
    const url = new URL(`http://nowhere.test:${port}/`);
    const refusal = {
      fault: 'port_refused',
      message: `Port ${port} is for another protocol than HTTP: use another port.`,
    };
    await expect(client().check(url)).rejects.toMatchObject(refusal);
    await expect(client().send(url, { method: 'GET' })).rejects.toMatchObject(refusal);
  });

  it('asks the name server once: what it answers the second time does not count', async () => {
    let calls = 0;
    const port = await serve((_, response) => {
      calls += 1;
      response.end();
    });
    // public at the check, loopback when a careless client would connect
    dns.answer('rebind.test', '192.0.2.1', '127.0.0.1');
    const url = new URL(`http://rebind.test:${port}/`);
    const before = dns.questions.length;
    // that first address is nobody's: allowed, and without an answer
    await expect(client(['192.0.2.1']).send(url, { method: 'GET' })).rejects.toMatchObject({
      fault: expect.stringMatching(/^(timed_out|not_connected)$/),
    });
    expect(dns.questions.length - before).toBe(1);
    await expect(client([]).send(url, { method: 'GET' })).rejects.toMatchObject({ fault: 'address_refused' });
    expect(calls).toBe(0);
  });

  it.each(['127.0.0.1', '2130706433', '0177.1', '[::ffff:127.0.0.1]', '[::7f00:1]', 'rebind.test', '0'])(
    'refuses http://%s, which nobody allows',
    async (host) => {
      dns.answer('rebind.test', '127.0.0.1');
      const url = new URL(`http://${host}/`);
      await expect(client([]).send(url, { method: 'GET' })).rejects.toMatchObject({ fault: 'address_refused' });
      await expect(client([]).check(url)).rejects.toMatchObject({ fault: 'address_refused' });
    },
  );

  it('refuses a name if only one of its addresses is public', async () => {
    const resolve = (): Promise<{ address: string; family: number }[]> =>
      Promise.resolve(['1.1.1.1', '127.0.0.1'].map((address) => ({ address, family: 4 })));
    const sut = new OutboundClient({ allowed: AddressRanges.none, timeoutMs: TIMEOUT_MS, resolve });
    await expect(sut.check(new URL('http://both.test/'))).rejects.toMatchObject({ fault: 'address_refused' });
  });

  it('does not follow a redirect', async () => {
    const port = await serve((_, response) => {
      response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end();
    });
    const answer = await client().send(new URL(`http://127.0.0.1:${port}/`), { method: 'GET' });
    answer.body.destroy();
    expect(answer).toMatchObject({ status: 302, headers: { location: 'http://169.254.169.254/latest' } });
  });

  it('tells a name without an address from a port without a server', async () => {
    const closed = createTcpServer();
    const port = await listen(closed);
    closed.close();
    dns.answer('hooks.test', '127.0.0.1');
    const fault = (url: string): Promise<unknown> =>
      client()
        .send(new URL(url), { method: 'GET' })
        .catch((error: unknown) => error);
    expect(await fault('http://nowhere.test/')).toMatchObject({ fault: 'name_not_found' });
    expect(await fault(`http://hooks.test:${port}/`)).toMatchObject({
      fault: 'not_connected',
      message: `hooks.test:${port} accepts no connection: ECONNREFUSED.`,
    });
  });

  it.each<[what: string, onConnection: (socket: Socket) => void, fault: string]>([
    ['says nothing', () => undefined, 'timed_out'],
    [
      'closes at once',
      (socket) => {
        socket.end();
      },
      'closed_early',
    ],
    [
      'sends something else than HTTP',
      (socket) => {
        socket.end('220 mail ready\r\n');
      },
      'closed_early',
    ],
  ])('gives up a server that %s', async (_what, onConnection, fault) => {
    const port = await listen(
      createTcpServer((socket) => {
        onConnection(socket.on('error', () => undefined).resume());
      }),
    );
    const url = new URL(`http://127.0.0.1:${port}/`);
    await expect(client().send(url, { method: 'GET' })).rejects.toMatchObject({ fault });
  });

  it('ends the body with the signal', async () => {
    const port = await serve((_, response) => {
      response.write('a');
    });
    const gone = new AbortController();
    const answer = await client().send(new URL(`http://127.0.0.1:${port}/`), { method: 'GET', signal: gone.signal });
    gone.abort();
    await expect(text(answer.body)).rejects.toThrow();
  });

  describe('with https', () => {
    let port: number;

    beforeAll(async () => {
      const server: Server = createTlsServer(certificate, (_, response) => {
        response.end('private');
      });
      port = await listen(server);
      dns.answer('hooks.test', '127.0.0.1');
      dns.answer('other.test', '127.0.0.1');
    });

    it('accepts the certificate of the host', async () => {
      const answer = await client(undefined, certificate.cert).send(new URL(`https://hooks.test:${port}/`), {
        method: 'GET',
      });
      expect(await text(answer.body)).toBe('private');
    });

    it.each([
      ['of another host', 'other.test', true],
      ['that nobody vouches for', 'hooks.test', false],
    ])('refuses a certificate %s', async (_what, host, isTrusted) => {
      const sut = client(undefined, isTrusted ? certificate.cert : undefined);
      await expect(sut.send(new URL(`https://${host}:${port}/`), { method: 'GET' })).rejects.toMatchObject({
        fault: 'tls_failed',
      });
    });
  });
});
