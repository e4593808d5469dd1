import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, request, type ClientRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Request } from 'express';
import { UploadBody } from './upload-body.js';
import { UploadStalledError } from './upload.errors.js';

const BYTES = 4_000_000;
const STALL_SECONDS = 0.5;

describe(UploadBody.name, () => {
  let server: Server;

  beforeEach(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  async function receive(): Promise<{ client: ClientRequest; sut: UploadBody }> {
    const called = once(server, 'request');
    const client = request({ port: (server.address() as AddressInfo).port, method: 'POST' });
    client.on('error', () => undefined);
    client.write(Buffer.alloc(BYTES));
    const [incoming] = (await called) as [IncomingMessage];
    return { client, sut: new UploadBody(incoming as Request, 'b', { maxBytes: 1e9, stallSeconds: STALL_SECONDS }) };
  }

  it('does not count the time of a slow reader as a stall', async () => {
    const { client, sut } = await receive();
    client.end();
    // the time itself is what is tested
    await pause(4 * STALL_SECONDS * 1000);
    const chunks = (await sut.toArray()) as Buffer[];
    expect(Buffer.concat(chunks)).toHaveLength(BYTES);
  });

  it('fails when a client stalls after a slow reader continued', async () => {
    const { sut } = await receive();
    await pause(4 * STALL_SECONDS * 1000);
    await expect(sut.toArray()).rejects.toThrow(UploadStalledError);
  });

  it('fails when a client sends a byte now and then', async () => {
    const { client, sut } = await receive();
    const drip = setInterval(() => client.write('x'), 50);
    try {
      await expect(sut.toArray()).rejects.toThrow(UploadStalledError);
    } finally {
      clearInterval(drip);
    }
  });

  it('does not end the process when a refused form, which nobody reads, stalls', async () => {
    const { sut } = await receive();
    // its headers were refused before it had a reader
    sut.destroy(new UploadStalledError());
    await new Promise((resolve) => sut.once('close', resolve));
    expect(sut.errored).toBeInstanceOf(UploadStalledError);
  });
});
