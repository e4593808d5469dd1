import { createServer, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ApiError, ConnectionError, SeparationClient, isRetryable } from './index.js';

const SOUND = Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 251));

/** A server that breaks connections, as a slow line does. */
describe(SeparationClient.name, () => {
  let server: Server;
  let client: SeparationClient;
  /** answers the calls in their order; the last one again and again */
  let answers: ((response: ServerResponse, range: string | undefined) => void)[];
  let calls: { readonly range: string | undefined; readonly key: string | undefined }[];
  let url: string;
  let called: string | undefined;

  beforeEach(async () => {
    calls = [];
    server = createServer(({ headers, url: path }, response) => {
      called = path;
      const { range, 'x-api-key': key } = headers;
      calls.push({ range, key: key as string | undefined });
      const answer = answers[Math.min(calls.length, answers.length) - 1];
      answer?.(response, range);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    url = `http://127.0.0.1:${port}`;
    client = new SeparationClient({ server: url, key: () => 'secret' });
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  /** Sends a part of the sound, and breaks the connection after it. */
  function send(bytes: number, { etag = '"1"', ranges = 'bytes' } = {}): (typeof answers)[number] {
    return (response, range) => {
      const from = Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
      const head = {
        etag,
        'accept-ranges': ranges,
        'content-length': SOUND.length - from,
        'content-range': `bytes ${from}-${SOUND.length - 1}/${SOUND.length}`,
      };
      response.writeHead(range === undefined || etag !== '"1"' ? 200 : 206, head);
      response.write(SOUND.subarray(from, from + bytes), () => {
        if (from + bytes < SOUND.length) setImmediate(() => response.destroy());
        else response.end();
      });
    };
  }

  async function download(): Promise<Buffer> {
    const response = await client.download('/v1/sound');
    return Buffer.from(await response.arrayBuffer());
  }

  it.each(['', '/', '/music', '/music/'])('keeps the path of the server: "%s"', async (path) => {
    answers = [
      (response) => {
        response.end('{}');
      },
    ];
    await new SeparationClient({ server: `${url}${path}` }).status('sep_0');
    expect(called).toBe(`${path.replace(/\/$/, '')}/v1/separations/sep_0`);
  });

  it('goes on with a download where its connection broke', async () => {
    answers = [send(30_000), send(30_000), send(SOUND.length)];
    expect((await download()).equals(SOUND)).toBe(true);
    expect(calls).toEqual([
      { range: undefined, key: 'secret' },
      { range: 'bytes=30000-', key: 'secret' },
      { range: 'bytes=60000-', key: 'secret' },
    ]);
  });

  it('refuses to go on with another file', async () => {
    answers = [send(30_000), send(SOUND.length, { etag: '"2"' })];
    await expect(download()).rejects.toThrow('has changed during the download');
  });

  it('fails where a broken download cannot be resumed', async () => {
    answers = [send(30_000, { ranges: 'none' })];
    await expect(download()).rejects.toThrow(ConnectionError);
    expect(calls).toHaveLength(1);
  });

  it('opens a broken event stream again, and ends after the last state', async () => {
    const state = (status: string): string => `event: state\nid: ${status}\ndata: ${JSON.stringify({ status })}\n\n`;
    answers = [
      (response) => {
        response.write(`: heartbeat\n\n${state('queued')}`, () => setImmediate(() => response.destroy()));
      },
      (response) => {
        response.writeHead(503, { 'content-type': 'application/problem+json' });
        response.end('{"code":"not_ready","detail":"Not yet."}');
      },
      (response) => {
        response.write(state('processing'));
        response.write(state('completed'));
      },
    ];
    const states: string[] = [];
    let away = 0;
    for await (const { status } of client.events('sep_0', { onAway: () => (away += 1) })) states.push(status);
    expect(states).toEqual(['queued', 'processing', 'completed']);
    expect(away).toBe(2);
    expect(calls).toHaveLength(3);
  });

  it('gives up at once for what will not pass, and on an abort', async () => {
    answers = [
      (response) => {
        response.writeHead(404);
        response.end('{"code":"separation_not_found","detail":"There is no such separation."}');
      },
      () => undefined,
    ];
    const states = client.events('sep_0');
    await expect(states.next()).rejects.toMatchObject({ code: 'separation_not_found', status: 404 });
    const stop = new AbortController();
    const waiting = client.events('sep_0', { signal: stop.signal }).next();
    stop.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow('stopped');
  });

  it.each([301, 302, 303, 307, 308])('carries the key to no other address (%d)', async (status) => {
    const { port } = server.address() as AddressInfo;
    answers = [
      (response) => {
        response.writeHead(status, { location: `http://localhost:${port}/elsewhere` });
        response.end();
      },
      (response) => response.end('{}'),
    ];
    const message = `http://127.0.0.1:${port} redirects to another address. Use that address.`;
    const song = { name: 'a', size: 1, stream: () => new Blob(['a']).stream() };
    for (const call of [() => client.status('sep_0'), () => client.upload(song), download]) {
      calls = [];
      await expect(call()).rejects.toMatchObject({ code: 'redirected', status, message });
      expect(calls).toHaveLength(1);
    }
  });

  it('keeps what the server says of an error', async () => {
    answers = [
      (response) => {
        response.writeHead(429, { 'retry-after': '3' });
        response.end('{"code":"rate_limited","detail":"Slower.","allowed":["a","b"]}');
      },
      (response) => {
        response.writeHead(502);
        response.end('<html>a proxy</html>');
      },
    ];
    const limited = await client.status('sep_0').catch((error: unknown) => error);
    expect(limited).toMatchObject({
      code: 'rate_limited',
      retryAfterMs: 3000,
      allowed: ['a', 'b'],
      message: 'Slower.',
    });
    const ofProxy = await client.status('sep_0').catch((error: unknown) => error);
    expect(ofProxy).toBeInstanceOf(ApiError);
    expect(ofProxy).toMatchObject({ code: 'internal', status: 502 });
    expect([limited, ofProxy].every(isRetryable)).toBe(true);
  });
});
