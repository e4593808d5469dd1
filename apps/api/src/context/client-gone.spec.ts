import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import type { Response } from 'express';
import { clientGone, ClientGoneError } from './client-gone.js';

describe(clientGone.name, () => {
  let server: Server;

  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  /** the response to a client that is still connected */
  async function answer(): Promise<{ response: Response; leave: () => Promise<unknown> }> {
    server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const called = once(server, 'request');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    // a client that never reads does not see the server close
    client.resume();
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const [, response] = (await called) as [unknown, ServerResponse];
    const leave = (): Promise<unknown> => {
      client.destroy();
      return once(response, 'close');
    };
    return { response: response as Response, leave };
  }

  it('aborts when the client disconnects', async () => {
    const { response, leave } = await answer();
    const sut = clientGone(response);
    expect(sut.aborted).toBe(false);
    await leave();
    expect(sut.reason).toBeInstanceOf(ClientGoneError);
  });

  it('has aborted when the client disconnected before', async () => {
    const { response, leave } = await answer();
    await leave();
    expect(clientGone(response).reason).toBeInstanceOf(ClientGoneError);
  });

  it('does not abort once the response is complete', async () => {
    const { response } = await answer();
    const sut = clientGone(response);
    response.end('all');
    await once(response, 'close');
    expect(sut.aborted).toBe(false);
  });
});
