import { AsyncLocalStorage } from 'node:async_hooks';
import * as http from 'node:http';
import * as https from 'node:https';

// shorter than the servers' own: a kept socket is not taken just when the other end closes it
const IDLE_SOCKET_MS = 10_000;

/** The client throws before it reads these answers, and an unread body keeps its socket. */
const UNREAD_STATUS = [408, 429, 499, 500, 502, 503, 504, 520];

type OnResponse = (response: http.IncomingMessage) => void;

/**
 * Carries the requests of a MinIO client, which knows no AbortSignal:
 * every request that a call makes, however deep in the client, ends with the signal the call runs under.
 */
export class S3Transport {
  readonly agent: http.Agent;
  readonly #module: typeof http | typeof https;
  readonly #signal = new AsyncLocalStorage<AbortSignal>();

  constructor(private readonly endpoint: URL) {
    this.#module = endpoint.protocol === 'https:' ? https : http;
    this.agent = new this.#module.Agent({ keepAlive: true, timeout: IDLE_SOCKET_MS });
  }

  run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return this.#signal.run(signal, work);
  }

  // of the two forms of http.request the client uses this one
  readonly request = ((options: http.RequestOptions, onResponse: OnResponse): http.ClientRequest => {
    const signal = this.#signal.getStore();
    return this.#module.request({ ...options, ...(signal && { signal }) }, (response) => {
      if (UNREAD_STATUS.includes(response.statusCode ?? 0)) response.resume();
      onResponse(response);
    });
  }) as typeof http.request;

  /** Resolves when the server gives any answer at all, rejects when it gives none while the signal lasts. */
  knock(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const { agent } = this;
      const request = this.#module.request(this.endpoint, { method: 'HEAD', agent, signal }, (response) => {
        response.resume();
        resolve();
      });
      request.on('error', reject);
      request.end();
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
