import { AsyncLocalStorage } from 'node:async_hooks';
import * as http from 'node:http';
import * as https from 'node:https';

// shorter than the servers' own: a request must not reuse a socket that the server is closing
const IDLE_SOCKET_MS = 10_000;

/** the client throws on these without reading the body, and an unread body keeps its socket */
const UNREAD_STATUS = [408, 429, 499, 500, 502, 503, 504, 520];

// one for all transports: each makes every promise of the process slower (Node 20)
const signals = new AsyncLocalStorage<AbortSignal>();

type OnResponse = (response: http.IncomingMessage) => void;

/**
 * Adds AbortSignal to a MinIO client, which lacks it: every request that the client makes inside `run` ends with
 * the signal.
 */
export class S3Transport {
  readonly agent: http.Agent;
  readonly #module: typeof http | typeof https;

  constructor(private readonly endpoint: URL) {
    this.#module = endpoint.protocol === 'https:' ? https : http;
    this.agent = new this.#module.Agent({ keepAlive: true, timeout: IDLE_SOCKET_MS });
  }

  get isEncrypted(): boolean {
    return this.endpoint.protocol === 'https:';
  }

  run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return signals.run(signal, work);
  }

  // the client uses only this overload of http.request
  readonly request = ((options: http.RequestOptions, onResponse: OnResponse): http.ClientRequest => {
    const signal = signals.getStore();
    return this.#module.request({ ...options, ...(signal && { signal }) }, (response) => {
      if (UNREAD_STATUS.includes(response.statusCode ?? 0)) response.resume();
      onResponse(response);
    });
  }) as typeof http.request;

  /** Resolves when the server sends any response. */
  ping(signal: AbortSignal): Promise<void> {
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
