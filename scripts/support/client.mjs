// the HTTP calls of `npm run separate`
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { PlainError } from './fail.mjs';

const CALL_MS = 30_000;

/** The service does not answer now, but may in a moment. */
export class ServiceAwayError extends PlainError {}

export class ServiceClient {
  #server;
  #headers;

  constructor(server, key) {
    if (!URL.canParse(server)) throw new PlainError(`${server} is not a server's URL.`);
    this.#server = server;
    this.#headers = key ? { authorization: `Bearer ${key}` } : {};
  }

  /** Uploads the song. onSent gets the number of bytes sent so far. */
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
        // an aborted request would read on to the end of the file
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
    const answer = await this.#call('/v1/separations', {
      method: 'POST',
      headers,
      body: Readable.from(body()),
      duplex: 'half',
      signal,
    });
    return answer.json();
  }

  async separation(id, signal) {
    return (await this.get(`/v1/separations/${id}`, signal, CALL_MS)).json();
  }

  get(path, signal, timeoutMs) {
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
        `No service answers at ${this.#server}. Start it with npm start, or name another one with --server.`,
      );
    });
    if (answer.ok) return answer;
    const problem = await answer.json().catch(() => ({}));
    const allowed = problem.allowed ? ` Allowed: ${[problem.allowed].flat().join(', ')}.` : '';
    throw new (answer.status === 503 ? ServiceAwayError : PlainError)(
      `${problem.detail ?? problem.title ?? answer.statusText}${allowed} (${problem.code ?? answer.status})`,
    );
  }
}
