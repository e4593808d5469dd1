import { setTimeout as pause } from 'node:timers/promises';
import { PROBLEM_CODES } from '@app/separations';
import { ApiClient } from '../../support/service/api-client.js';
import type { Ledger } from './ledger.js';

const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 4000;
/** a server may be frozen: ask the other one */
const ANSWER_MS = 30_000;

export interface Reply {
  readonly status: number;
  readonly code: string | undefined;
  readonly headers: Headers;
  readonly body: Buffer;
  /** whether an earlier try got no answer or an error: the service may have done the work already */
  readonly unsure: boolean;
  /** when it was asked: what was answered may be from any moment after it */
  readonly askedAt: number;
}

export interface CallerOptions {
  readonly servers: readonly string[];
  readonly key: string;
  readonly ledger: Ledger;
  /** no path below it may be in an answer */
  readonly folder: string;
  /** gives up: the drill ends */
  readonly signal: AbortSignal;
}

/** An honest client: it tries again where the service says so or does not answer, and gives up when the drill ends. */
export class Caller {
  readonly #clients: ApiClient[];
  #turn = 0;

  constructor(private readonly options: CallerOptions) {
    this.#clients = options.servers.map((url) => new ApiClient(url, options.key));
  }

  get signal(): AbortSignal {
    return this.options.signal;
  }

  /** the next server in turn */
  get client(): ApiClient {
    const client = this.#clients[this.#turn++ % this.#clients.length];
    if (client === undefined) throw new Error('there is no rest-server');
    return client;
  }

  /**
   * Repeats the call until it succeeds or is refused for good. Throws the signal's reason when the drill ends.
   * @param call for the count of answers
   * @param body is made for each try
   */
  async until(call: string, path: string, init: { method?: string; body?: () => FormData } = {}): Promise<Reply> {
    let unsure = false;
    for (let tries = 0; ; tries++) {
      this.signal.throwIfAborted();
      const reply = await this.#once(call, path, init, unsure);
      if (reply !== undefined && !mayPass(reply)) return reply;
      unsure ||= reply === undefined || reply.status >= 500;
      const asked = Number(reply?.headers.get('retry-after') ?? 0) * 1000;
      const waitMs = Math.min(LONGEST_PAUSE_MS, Math.max(asked, FIRST_PAUSE_MS * 1.6 ** tries));
      await pause(waitMs, undefined, { signal: this.signal });
    }
  }

  /** @returns undefined where no whole answer came */
  async #once(
    call: string,
    path: string,
    { method = 'GET', body }: { method?: string; body?: () => FormData },
    unsure: boolean,
  ): Promise<Reply | undefined> {
    const { ledger } = this.options;
    const askedAt = Date.now();
    const signal = AbortSignal.any([this.signal, AbortSignal.timeout(ANSWER_MS)]);
    try {
      const answer = await this.client.fetch(path, { method, signal, ...(body && { body: body() }) });
      const bytes = Buffer.from(await answer.arrayBuffer());
      const code = answer.ok ? undefined : this.#codeOf(call, answer.status, bytes);
      ledger.answered(call, [answer.status, code].filter((part) => part !== undefined).join(' '), answer.url);
      return { status: answer.status, code, headers: answer.headers, body: bytes, unsure, askedAt };
    } catch {
      this.signal.throwIfAborted();
      ledger.answered(call, signal.aborted ? `nothing in ${ANSWER_MS / 1000} s` : 'cut off', path);
      return undefined;
    }
  }

  #codeOf(call: string, status: number, body: Buffer): string {
    const { violations } = this.options.ledger;
    const text = body.toString();
    violations.expect(!text.includes(this.options.folder), 'secrets', `${call}: ${text}`);
    const code = parse(text)?.['code'];
    const known = PROBLEM_CODES.find((one) => one === code);
    if (known === undefined || known === 'internal')
      violations.add('answers', `${call}: ${status} ${text.slice(0, 300)}`);
    return known ?? 'without a code';
  }
}

/** busy, away, too many calls; also `internal`, which is a violation already */
function mayPass({ status }: Reply): boolean {
  return status === 408 || status === 429 || status >= 500;
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
