import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { Request, Response } from 'express';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { closeStalledDownloads, hasTaken, type Sent } from './download-stall.middleware.js';

const STALL_SECONDS = 0.5;
/** more than the buffers of a connection hold */
const PIECES = 256;
const PIECE = Buffer.alloc(256 * 1024);

/** Reads far less than the kernel buffers, for a time. Returns the number of bytes. */
async function readSlowly(socket: Socket, forMs: number): Promise<number> {
  let received = 0;
  for (const end = performance.now() + forMs; performance.now() < end;) {
    const chunk = socket.read() as Buffer | null;
    received += chunk?.length ?? 0;
    if (socket.destroyed) throw new Error(`closed after ${received} bytes`);
    await pause(STALL_SECONDS * 150);
  }
  return received;
}

describe(hasTaken.name, () => {
  it.each<[what: string, before: Sent | undefined, now: Sent, taken: boolean]>([
    ['the kernel has less', { written: 900, pending: 500 }, { written: 900, pending: 400 }, true],
    ['the kernel is as full again', { written: 900, pending: 500 }, { written: 950, pending: 500 }, true],
    ['nothing has changed', { written: 900, pending: 500 }, { written: 900, pending: 500 }, false],
    ['it is the first look', undefined, { written: 900, pending: 500 }, true],
    ['the kernel does not tell', { written: 900, pending: undefined }, { written: 950, pending: undefined }, false],
  ])('compares what was sent with what is pending: %s', (_, before, now, taken) => {
    expect(hasTaken(before, now)).toBe(taken);
  });
});

describe(closeStalledDownloads.name, () => {
  let server: Server;
  let client: Socket;

  beforeEach(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(() => {
    client.destroy();
    server.close();
    server.closeAllConnections();
  });

  async function call(): Promise<ServerResponse> {
    const called = once(server, 'request');
    client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const [request, response] = (await called) as [IncomingMessage, ServerResponse];
    closeStalledDownloads(STALL_SECONDS)(request as Request, response as Response, () => undefined);
    return response;
  }

  it('closes a download that its client does not read', async () => {
    const response = await call();
    const sent = pipeline(Readable.from(Array<Buffer>(PIECES).fill(PIECE)), response);
    await expect(sent).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
  });

  it('keeps a client that reads slowly and steadily, to the last byte', async () => {
    const response = await call();
    const length = PIECES * PIECE.length;
    const sent = pipeline(Readable.from(Array<Buffer>(PIECES).fill(PIECE)), response);
    const received = await readSlowly(client, 8 * STALL_SECONDS * 1000);
    // without a break it would be closed by now
    expect(received).toBeLessThan(length / 2);
    let rest = 0;
    client.on('data', (chunk) => (rest += chunk.length));
    await sent;
    await waitUntil('the last byte', () => received + rest >= length);
  });

  it('waits for a response that takes longer to make', async () => {
    const response = await call();
    let received = 0;
    client.on('data', ({ length }) => (received += length));
    // the time itself is what is tested
    await pause(4 * STALL_SECONDS * 1000);
    await pipeline(Readable.from(Array<Buffer>(PIECES).fill(PIECE)), response);
    expect(received).toBeGreaterThan(0);
    expect(response.writableFinished).toBe(true);
  });
});
