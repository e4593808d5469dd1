import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ProblemDocument, Separation } from '@app/separations';
import { patient } from '../patience.js';

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** A body may be a separation too, whose `status` is another. */
export type Problem = Omit<ProblemDocument, 'status'>;

type Fields = Readonly<Record<string, string>>;

/** A client as an app developer would write it, with fetch and FormData. */
export class ApiClient {
  constructor(
    readonly url: string,
    private readonly key?: string,
    private readonly more: Readonly<Record<string, string>> = {},
  ) {}

  /** the same client with more headers on each call */
  with(headers: Readonly<Record<string, string>>): ApiClient {
    return new ApiClient(this.url, this.key, headers);
  }

  /** what each call of this client says about itself */
  get headers(): Record<string, string> {
    return { ...this.more, ...(this.key !== undefined && { authorization: `Bearer ${this.key}` }) };
  }

  async upload(file: string | Buffer, fields: Fields = {}, fileName?: string): Promise<Answer<Separation & Problem>> {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    const bytes = typeof file === 'string' ? await readFile(file) : file;
    const name = fileName ?? (typeof file === 'string' ? basename(file) : 'song.mp3');
    form.set('file', new Blob([new Uint8Array(bytes)]), name);
    return this.json('/v1/separations', { method: 'POST', body: form });
  }

  separation(id: string): Promise<Answer<Separation & Problem>> {
    return this.json(`/v1/separations/${id}`);
  }

  cancel(id: string): Promise<Answer<Separation & Problem>> {
    return this.json(`/v1/separations/${id}/cancel`, { method: 'POST' });
  }

  edit(id: string, edit: unknown, type = 'application/json'): Promise<Answer<Separation & Problem>> {
    const body = typeof edit === 'string' ? edit : JSON.stringify(edit);
    return this.json(`/v1/separations/${id}`, { method: 'PATCH', body, headers: { 'content-type': type } });
  }

  async json<T>(path: string, init: RequestInit = {}): Promise<Answer<T>> {
    const answer = await this.fetch(path, init);
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: (text === '' ? {} : JSON.parse(text)) as T };
  }

  async bytes(path: string, init: RequestInit = {}): Promise<Answer<Buffer>> {
    const answer = await this.fetch(path, init);
    return { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()) };
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers({ ...Object.fromEntries(new Headers(init.headers)), ...this.headers });
    return fetch(new URL(path, this.url), { signal: AbortSignal.timeout(patient(30_000)), ...init, headers });
  }
}
