import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { Agent, createServer, request as send, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { patient } from '../../../test/support/patience.js';
import { OpenRequests } from './open-requests.js';

/** as of rest-server: far beyond the patience of the spec */
const KEEP_ALIVE_MS = 65_000;

describe(OpenRequests.name, () => {
  let server: Server;
  let sut: OpenRequests;
  let agent: Agent;

  beforeEach(async () => {
    server = createServer();
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    sut = new OpenRequests(server);
    agent = new Agent({ keepAlive: true });
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });

  afterEach(() => {
    agent.destroy();
    server.close();
    server.closeAllConnections();
  });

  interface Call {
    readonly client: ClientRequest;
    readonly request: IncomingMessage;
    readonly response: ServerResponse;
  }

  /** A call of a client that keeps its connection, as far as the server. */
  async function call(path: string, method = 'GET', sent = ''): Promise<Call> {
    const called = once(server, 'request');
    const { port } = server.address() as AddressInfo;
    const client = send({ port, host: '127.0.0.1', path, method, agent, headers: { 'content-length': sent.length } });
    client.on('error', () => undefined).on('response', (answer) => answer.resume());
    if (sent === '') client.end();
    else client.flushHeaders();
    const [request, response] = (await called) as [IncomingMessage, ServerResponse];
    return { client, request, response };
  }

  const closes = (): Promise<unknown> =>
    once(server.close(), 'close', { signal: AbortSignal.timeout(patient(10_000)) });

  it('lets a closed server end with the last response, not with the keep-alive time-out', async () => {
    const { response } = await call('/events');
    response.flushHeaders();
    const closed = closes();
    response.end('the last event');
    await closed;
  });

  it('answers a client that still sends before it ends the connection', async () => {
    const { client, request, response } = await call('/upload', 'POST', 'song');
    const closed = closes();
    const answered = once(client, 'response');
    response.writeHead(413).end();
    await answered;
    request.resume();
    const sent = once(client, 'finish');
    client.end('song');
    await sent;
    await closed;
    expect(request.complete).toBe(true);
  });

  it('keeps connections for the next request while the server listens', async () => {
    const { request, response } = await call('/first');
    const free = once(agent, 'free');
    response.end();
    await free;
    const { request: second } = await call('/second');
    expect(second.socket === request.socket).toBe(true);
  });

  it('names what is not answered, without secrets of the query', async () => {
    const { response } = await call('/v1/separations/x/events?signature=abc');
    expect(sut.names).toEqual(['GET /v1/separations/x/events']);
    response.end();
    await once(response, 'close');
    expect(sut.names).toEqual([]);
  });
});
