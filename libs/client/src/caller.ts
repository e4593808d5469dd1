import { ApiError, ConnectionError, toApiError } from './errors.js';

const TIMEOUT_MS = 30_000;

export interface ClientOptions {
  /** address of the server, such as `http://127.0.0.1:3000`; it may have a path, such as `https://example.com/music` */
  readonly server: string | URL;
  /** an access key, or what returns the current one; sent in a header only */
  readonly key?: string | (() => string | undefined) | undefined;
  /** called when the server rejects a key, or asks for one; the call fails all the same */
  readonly onKeyRejected?: (key: string | undefined) => void;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Sends requests to the server, with the access key. */
export class Caller {
  private readonly server: URL;
  /** path of the server, without the last slash */
  private readonly base: string;

  /** @throws TypeError if `server` is not an address */
  constructor(private readonly options: ClientOptions) {
    this.server = new URL(options.server);
    this.base = this.server.pathname.replace(/\/+$/, '');
  }

  get key(): string | undefined {
    const { key } = this.options;
    const current = typeof key === 'function' ? key() : key;
    return current === '' ? undefined : current;
  }

  /** @param path of the API, from its `/` on */
  url(path: string): URL {
    return new URL(`${this.base}${path}`, this.server.origin);
  }

  headers(key = this.key): Record<string, string> {
    return key === undefined ? {} : { 'x-api-key': key };
  }

  /** @throws ApiError for an error response, ConnectionError if there is none, the signal's reason after an abort */
  async call(path: string, init: RequestInit = {}): Promise<Response> {
    const key = this.key;
    const headers = { ...this.headers(key), ...Object.fromEntries(new Headers(init.headers)) };
    const response = await fetch(this.url(path), { ...init, headers, redirect: 'manual' }).catch((error: unknown) => {
      init.signal?.throwIfAborted();
      throw this.unreachable(error);
    });
    if (response.ok) return response;
    if (isRedirect(response)) {
      await response.body?.cancel();
      throw this.redirected(response.status);
    }
    this.checkKey(response.status, key);
    throw toApiError(response.status, await response.text(), response.headers.get('retry-after'));
  }

  /** A call with a short answer, in JSON. */
  async json<T>(path: string, init: RequestInit = {}): Promise<T> {
    return (await (await this.briefly(path, init)).json()) as T;
  }

  briefly(path: string, init: RequestInit = {}): Promise<Response> {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const signal = init.signal == null ? timeout : AbortSignal.any([init.signal, timeout]);
    return this.call(path, { ...init, signal }).catch((error: unknown) => {
      if (!timeout.aborted || init.signal?.aborted === true) throw error;
      throw this.unreachable(error);
    });
  }

  /** Reports the key of the request: another one may have been set since. */
  checkKey(status: number, key: string | undefined): void {
    if (status === 401) this.options.onKeyRejected?.(key);
  }

  /** Another server must not get the key. */
  private redirected(status: number): ApiError {
    return new ApiError('redirected', status, `${this.server.origin} redirects to another address. Use that address.`);
  }

  unreachable(cause?: unknown): ConnectionError {
    return new ConnectionError(`No server answers at ${this.server.origin}${this.base}.`, { cause });
  }
}

/** Browsers hide the status. */
function isRedirect({ type, status, headers }: Response): boolean {
  return type === 'opaqueredirect' || (status >= 300 && status < 400 && headers.has('location'));
}
