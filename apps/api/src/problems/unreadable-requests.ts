import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { errorCode } from '@app/processes';
import { describeProblem, type ProblemCode } from '@app/separations';

interface Refusal {
  readonly code: ProblemCode;
  readonly detail: string;
}

const INVALID: Refusal = { code: 'invalid_request', detail: 'This is not a valid HTTP request.' };

/** what Node refuses by itself, by its error code */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: { code: 'headers_too_large', detail: 'Address and headers have more than 16 KiB.' },
  ERR_HTTP_REQUEST_TIMEOUT: { code: 'request_timeout', detail: 'The request did not arrive in time.' },
};

const EXPECTATION: Refusal = { code: 'expectation_failed', detail: 'Only "Expect: 100-continue" is understood.' };

/** Answers what no handler sees, because Node cannot read it, with a problem document too. */
export function answerUnreadableRequests(server: Server): void {
  const answering = new WeakMap<Duplex, ServerResponse>();
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    answering.set(socket, response);
  });
  server.on('clientError', (error: Error, socket: Duplex) => {
    const response = answering.get(socket);
    const isInResponse = response?.headersSent === true && !response.writableFinished;
    if (!socket.writable || isInResponse || errorCode(error) === 'ECONNRESET') socket.destroy();
    else socket.end(message(REFUSALS[errorCode(error) ?? ''] ?? INVALID), () => socket.destroy());
  });
}

/** Answers 417. */
export function refuseExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const { status, headers, body } = answer(EXPECTATION);
  response.writeHead(status, headers).end(body);
}

function message(refusal: Refusal): string {
  const { status, headers, body } = answer(refusal);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines, '', body].join('\r\n');
}

function answer({ code, detail }: Refusal): { status: number; headers: Record<string, string>; body: string } {
  const requestId = randomUUID();
  const problem = describeProblem(code, detail);
  const body = JSON.stringify({ ...problem, requestId });
  const headers = {
    'Content-Type': 'application/problem+json; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body)),
    'Cache-Control': 'no-store',
    'x-request-id': requestId,
    Connection: 'close',
  };
  return { status: problem.status, headers, body };
}
