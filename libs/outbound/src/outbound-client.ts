import type { LookupAddress } from 'node:dns';
import * as http from 'node:http';
import * as https from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Readable } from 'node:stream';
import { withTimeout } from '@app/concurrency';
import type { AddressRanges } from './address-ranges.js';
import { OutboundError, type OutboundFault } from './outbound.error.js';
import { checkPort } from './ports.js';
import { allowedAddresses, nameResolver, type Resolve } from './resolve.js';

/** until the next of several addresses is tried; Node's 250 ms are too few for a slow line */
const ATTEMPTS = { autoSelectFamilyAttemptTimeout: 2000 };

export interface OutboundOptions {
  /** addresses that may be connected to although they are not public */
  readonly allowed: AddressRanges;
  /** until the head of the answer is there, ms */
  readonly timeoutMs: number;
  readonly resolve?: Resolve;
  /** certificate authorities to trust instead of those of Node, as PEM */
  readonly ca?: string;
}

export interface OutboundRequest {
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** ends the request, and the body of its answer */
  readonly signal?: AbortSignal;
}

export interface OutboundAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** as it was sent, not decompressed. The caller reads or destroys it. */
  readonly body: Readable;
}

/**
 * Sends requests to addresses that users name. The host is resolved once, and only an address that was checked is
 * connected to, without a proxy. With https, the certificate must be that of the host. Redirects are answers like any
 * other.
 */
export class OutboundClient {
  private readonly resolve: Resolve;

  constructor(private readonly options: OutboundOptions) {
    this.resolve = options.resolve ?? nameResolver();
  }

  /** Resolves if the port is allowed, and the host leads to allowed addresses now. @throws OutboundError */
  async check(url: URL): Promise<void> {
    await this.inTime((signal) => this.addressesOf(url, signal));
  }

  /** @throws OutboundError, or the signal's reason */
  send(url: URL, request: OutboundRequest): Promise<OutboundAnswer> {
    return this.inTime(async (signal) => {
      const addresses = await this.addressesOf(url, signal);
      return this.exchange(url, { ...request, signal }, addresses);
    }, request.signal);
  }

  private async addressesOf(url: URL, signal: AbortSignal): Promise<readonly LookupAddress[]> {
    checkPort(url);
    const addresses = await allowedAddresses(url, this.options.allowed, this.resolve, signal);
    signal.throwIfAborted();
    return addresses;
  }

  private inTime<T>(work: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { timeoutMs } = this.options;
    const onTimeout = (): Error => new OutboundError('timed_out', `There was no answer within ${timeoutMs / 1000} s.`);
    return withTimeout(timeoutMs, work, { signal, onTimeout });
  }

  private exchange(
    url: URL,
    { method, headers = {}, body, signal }: OutboundRequest,
    addresses: readonly LookupAddress[],
  ): Promise<OutboundAnswer> {
    const isEncrypted = url.protocol === 'https:';
    return new Promise((resolve, reject) => {
      const request = (isEncrypted ? https : http).request(url, {
        method,
        headers: { ...headers, ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }) },
        // a connection of its own: a pooled one may lead to an address that was allowed before
        agent: false,
        lookup: onlyTo(addresses),
        ...ATTEMPTS,
        // whatever NODE_TLS_REJECT_UNAUTHORIZED says
        rejectUnauthorized: true,
        ...(this.options.ca !== undefined && { ca: this.options.ca }),
        ...(signal && { signal }),
      });
      let fault: OutboundFault = 'not_connected';
      request.on('socket', (socket) => {
        socket.once('connect', () => (fault = isEncrypted ? 'tls_failed' : 'closed_early'));
        socket.once('secureConnect', () => (fault = 'closed_early'));
      });
      request.on('error', (error) => {
        reject(failure(fault, url, error));
      });
      request.on('response', (answer) => {
        // the caller may have gone: without a listener, a broken answer ends the process
        answer.on('error', () => undefined);
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: answer });
      });
      request.end(body);
    });
  }
}

/** Answers with the checked addresses instead of asking again: a name server may answer otherwise the second time. */
function onlyTo(addresses: readonly LookupAddress[]): LookupFunction {
  return (_host, { all }, done) => {
    const [first = { address: '', family: 0 }] = addresses;
    if (all === true) done(null, [...addresses]);
    else done(null, first.address, first.family);
  };
}

function failure(fault: OutboundFault, { host }: URL, error: Error): OutboundError {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  const sentences: Partial<Record<OutboundFault, string>> = {
    not_connected: `${host} accepts no connection: ${code}.`,
    tls_failed: `There is no trusted TLS connection to ${host}: ${code}.`,
  };
  const otherwise = `${host} closed the connection without an answer: ${code}.`;
  return new OutboundError(fault, sentences[fault] ?? otherwise, { cause: error });
}
