// @ts-check
// the calls of the HTTP API that `npm run separate` needs
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { PlainError } from './fail.mjs';

const CALL_MS = 30_000;

/** The service may answer again in a moment. */
export class ServiceAwayError extends PlainError {}

/** The service says when to ask again. */
export class ServiceBusyError extends ServiceAwayError {
  constructor(message, retryAfterSeconds) {
    super(message);
    this.retryAfterMs = 1000 * retryAfterSeconds;
  }
}

export class ServiceClient {
  #server;
  #headers;

  constructor(server, key) {
    if (!URL.canParse(server)) throw new PlainError(`Not the address of a server: ${server}`);
    this.#server = server;
    this.#headers = key ? { authorization: `Bearer ${key}` } : {};
  }

  /** Uploads a song; onSent gets the bytes sent so far. */
  async upload(song, bytes, fields, onSent, signal) {
    const boundary = `song-${randomUUID()}`;
    const name = basename(song).replaceAll(/["\r\n]/g, '_');
    const parts = fields.map(
      ([field, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${field}"\r\n\r\n${value}\r\n`,
    );
    const head = `${parts.join('')}--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: application/octet-stream\r\n\r\n`;
    const tail = `\r\n--${boundary}--\r\n`;
    async function* body() {
      yield Buffer.from(head);
      let sent = 0;
      for await (const chunk of createReadStream(song)) {
        // an aborted request would read the file to its end
        if (signal?.aborted) return;
        yield chunk;
        onSent((sent += chunk.length));
      }
      yield Buffer.from(tail);
    }
    const headers = {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': String(Buffer.byteLength(head) + bytes + Buffer.byteLength(tail)),
    };
    const init = { method: 'POST', headers, body: Readable.from(body()), duplex: 'half', signal };
    return asSeparation(await this.#call('/v1/separations', init));
  }

  async separation(id, signal) {
    return asSeparation(await this.get(`/v1/separations/${id}`, signal, CALL_MS));
  }

  get(path, signal, timeoutMs = 0) {
    const signals = [signal, timeoutMs && AbortSignal.timeout(timeoutMs)].filter(Boolean);
    return this.#call(path, { signal: AbortSignal.any(signals) });
  }

  async cancel(id) {
    await this.#call(`/v1/separations/${id}/cancel`, { method: 'POST', signal: AbortSignal.timeout(CALL_MS) });
  }

  async #call(path, init) {
    const url = new URL(path, this.#server);
    const headers = { ...this.#headers, ...init.headers };
    const answer = await fetch(url, { ...init, headers }).catch((error) => {
      if (init.signal?.aborted) throw error;
      throw new ServiceAwayError(
        `No service answers at ${this.#server}: start it with npm start, or pass another with --server.`,
      );
    });
    if (answer.ok) return answer;
    const problem = await problemOf(answer);
    const allowed = Array.isArray(problem.allowed) ? ` Allowed: ${problem.allowed.join(', ')}.` : '';
    const text = `${problem.detail ?? problem.title ?? answer.statusText}${allowed} (${problem.code ?? answer.status})`;
    if (answer.status !== 503 && answer.status !== 429) throw new PlainError(text);
    throw new ServiceBusyError(text, Number(answer.headers.get('retry-after')) || 1);
  }
}

/** @returns {Promise<import('@app/separations').Separation>} */
async function asSeparation(answer) {
  return answer.json();
}

/** @returns {Promise<Partial<import('@app/separations').ProblemDocument>>} empty if a proxy answered */
async function problemOf(answer) {
  return answer.json().catch(() => ({}));
}
