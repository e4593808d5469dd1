import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { HostList } from '@app/outbound';
import { FolderObjectStore } from '@app/storage';
import { startDnsServer, type DnsServer } from '../../../../../test/support/servers/dns-server.js';
import { LinkFetcher } from './link-fetcher.js';

const MAX_BYTES = 1024 * 1024;
const MANY = Buffer.alloc(64 * 1024, 'x');

describe(LinkFetcher.name, () => {
  let dns: DnsServer;
  let server: Server;
  let port: number;
  let folder: string;
  let store: FolderObjectStore;
  let answer: (response: ServerResponse, path: string) => void;
  let asked: string[];
  const never = new AbortController().signal;

  beforeAll(async () => {
    dns = await startDnsServer();
    dns.answer('songs.test', '127.0.0.1');
    server = createServer(({ url = '' }, response) => {
      asked.push(url);
      answer(response, url);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    ({ port } = server.address() as AddressInfo);
  });

  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await dns.close();
  });

  beforeEach(async () => {
    asked = [];
    folder = await mkdtemp(join(tmpdir(), 'links-'));
    store = new FolderObjectStore(folder);
  });

  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  const fetcher = (hosts = ['songs.test', '127.0.0.1'], stallSeconds = 30): LinkFetcher =>
    new LinkFetcher(store, new HostList(hosts), { maxBytes: MAX_BYTES, stallSeconds }, dns.resolve);
  const link = (path = '/'): string => `http://songs.test:${port}${path}`;

  async function staged(): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of store.list('')) keys.push(key);
    return keys;
  }

  /** and what the store keeps of it */
  async function refusal(sut: LinkFetcher, url = link()): Promise<unknown> {
    const refused = await sut.fetch(url, never).then(
      () => 'fetched',
      (error: unknown) => error,
    );
    expect(await staged()).toEqual([]);
    return refused;
  }

  it('stages the song, named after the last part of its path', async () => {
    answer = (response) => response.end('song');
    const { key, bytes, originalName } = await fetcher().fetch(link('/a/My%20Song.mp3?x=/y'), never);
    expect([bytes, originalName]).toEqual([4, 'My Song.mp3']);
    expect(await text(await store.get(key))).toBe('song');
  });

  it('fetches nothing until an operator allows the host', async () => {
    expect(await refusal(fetcher([]))).toMatchObject({
      code: 'url_not_allowed',
      detail: 'This server fetches no songs: its operator has not set URL_IMPORT_HOSTS.',
    });
    expect(await refusal(fetcher(['other.test']))).toMatchObject({
      code: 'url_not_allowed',
      detail: 'This server fetches no songs from songs.test: see URL_IMPORT_HOSTS.',
    });
    expect(await refusal(fetcher(), 'file:///etc/passwd')).toMatchObject({ code: 'invalid_url' });
    expect(asked).toEqual([]);
  });

  it.each([
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://0177.0.0.1/',
    'http://0x7f.0.0.1/',
    'http://169.254.169.254/latest/meta-data',
    'http://[::1]/',
    'http://[::ffff:7f00:1]/',
    'http://[fe80::1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://songs.test/',
  ])('refuses %s where every public host is allowed', async (url) => {
    expect(await refusal(fetcher(['*', 'songs.test']), url)).toMatchObject({ code: 'address_refused' });
  });

  it.each(['22', '25', '6379', '11211'])('refuses port %s, which is not for HTTP', async (other) => {
    const detail = `Port ${other} is for another protocol than HTTP: use another port.`;
    expect(await refusal(fetcher(), `http://songs.test:${other}/`)).toMatchObject({ code: 'invalid_url', detail });
    answer = (response) => response.writeHead(302, { location: `http://songs.test:${other}/` }).end();
    expect(await refusal(fetcher())).toMatchObject({ code: 'invalid_url', detail });
  });

  it('follows five redirects, and no sixth', async () => {
    answer = (response, path) => {
      const left = Number(path.slice(1));
      if (left === 0) response.end('song');
      else response.writeHead(302, { location: `/${left - 1}` }).end();
    };
    expect((await fetcher().fetch(link('/5'), never)).bytes).toBe(4);
    await store.removeAll('staging/');
    expect(await refusal(fetcher(), link('/6'))).toMatchObject({
      code: 'fetch_failed',
      detail: 'The link redirects more than 5 times.',
    });
  });

  it.each([
    ['loopback', 'http://[::1]/', 'url_not_allowed'],
    ['another host', 'http://other.test/', 'url_not_allowed'],
    ['a name that leads to a private address', 'http://inner.test/', 'address_refused'],
    ['a file', 'file:///etc/passwd', 'fetch_failed'],
  ])('follows no redirect to %s', async (_what, location, code) => {
    dns.answer('inner.test', '10.0.0.1');
    answer = (response) => response.writeHead(307, { location }).end();
    const sut = fetcher(['songs.test', '127.0.0.1', 'inner.test']);
    expect(await refusal(sut)).toMatchObject({ code });
    expect(asked).toHaveLength(1);
  });

  it('checks each address anew, and connects to what it checked', async () => {
    // a redirect to the same name, which leads elsewhere by then
    dns.answer('moving.test', '127.0.0.1', '10.0.0.1');
    answer = (response) => response.writeHead(302, { location: `http://moving.test:${port}/2` }).end();
    const refused = await refusal(fetcher(['moving.test', '127.0.0.1']), `http://moving.test:${port}/1`);
    expect(refused).toMatchObject({ code: 'address_refused' });
    expect(asked).toEqual(['/1']);
  });

  it('takes nothing that is compressed', async () => {
    const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024));
    answer = (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
    expect(await refusal(fetcher())).toMatchObject({
      code: 'fetch_failed',
      detail: 'The song is sent with Content-Encoding "gzip".',
    });
  });

  it.each<[what: string, send: (response: ServerResponse) => void]>([
    ['says so', (response) => response.writeHead(200, { 'content-length': String(MAX_BYTES + 1) }).write('x')],
    ['never ends', pour],
  ])('ends a song that is too large and %s', async (_what, send) => {
    answer = send;
    expect(await refusal(fetcher())).toMatchObject({ code: 'file_too_large', extras: { limit: MAX_BYTES } });
  });

  it('takes no more of a song than its Content-Length says', async () => {
    answer = (response) => {
      pour(response.writeHead(200, { 'content-length': '10' }));
    };
    expect((await fetcher().fetch(link(), never)).bytes).toBe(10);
  });

  it('takes a song of exactly the largest size', async () => {
    answer = (response) => response.end(Buffer.alloc(MAX_BYTES));
    expect((await fetcher().fetch(link(), never)).bytes).toBe(MAX_BYTES);
  });

  it.each<[what: string, send: (response: ServerResponse) => void, detail: RegExp]>([
    ['trickles', (response) => response.write('x'), /less than 1024 bytes a second came for 1 s/],
    [
      'breaks off',
      (response) => {
        breakOff(response);
      },
      /the connection broke off/,
    ],
    ['is not there', (response) => response.writeHead(404).end(), /answered HTTP 404/],
  ])('ends a song that %s', async (_what, send, detail) => {
    answer = send;
    expect(await refusal(fetcher(undefined, 1))).toMatchObject({
      code: 'fetch_failed',
      detail: expect.stringMatching(detail),
    });
  });

  it('stops when the client is gone', async () => {
    const gone = new AbortController();
    const closed = new Promise((resolve) => {
      answer = (response) => {
        response.once('close', resolve).write('x');
        gone.abort(new Error('gone'));
      };
    });
    await expect(fetcher().fetch(link(), gone.signal)).rejects.toThrow('gone');
    await closed;
    expect(await staged()).toEqual([]);
  });
});

/** Sends more than is ever taken. It breaks off at last: a fetch without a limit must not fill the disk. */
function pour(response: ServerResponse): void {
  let left = 32 * MAX_BYTES;
  const more = (): void => {
    do left -= MANY.length;
    while (left > 0 && response.write(MANY));
    if (left <= 0) response.destroy();
  };
  response.on('drain', more);
  more();
}

function breakOff(response: ServerResponse): void {
  response.writeHead(200, { 'content-length': '1000' }).write('half');
  response.once('drain', () => undefined);
  setImmediate(() => response.destroy());
}
