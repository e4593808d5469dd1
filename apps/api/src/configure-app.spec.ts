import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as ask } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { Ffmpeg } from '@app/audio';
import { SeparationStore } from '@app/separation-store';
import type { SeparationPage } from '@app/separations';
import { keyLine, startApi, type InProcessApi } from '../../../test/support/service/in-process-api.js';
import { rawCall } from '../../../test/support/service/raw-call.js';
import { RedisServer } from '../../../test/support/servers/redis-server.js';
import { someId } from '../../../test/support/separations/stored-separations.js';
import { wav } from '../../../test/support/songs/wav.js';
import { configureApp } from './configure-app.js';
import { storeSeparation } from './media/completed-separation.fixture.js';
import { patient } from '../../../test/support/patience.js';

const LIST = '/v1/separations';

describe(configureApp.name, () => {
  let redis: RedisServer;
  let api: InProcessApi;
  let folder: string;
  const ann = { 'x-api-key': 'key-of-ann' };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keys-'));
    await writeFile(join(folder, 'keys'), keyLine('ann', 'key-of-ann') + keyLine('bob', 'key-of-bob'));
    redis = await RedisServer.start();
    api = await startApi(redis.url, { API_KEYS_FILE: join(folder, 'keys'), MAX_QUEUED: '1' });
  });

  afterAll(async () => {
    await api.close();
    await redis.close();
    await rm(folder, { recursive: true });
  });

  const lines = (headers: Record<string, string>): string =>
    Object.entries(headers)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('');

  describe('a client that asks before it sends', () => {
    const FORM = { Host: 'localhost', Expect: '100-continue', 'Content-Type': 'multipart/form-data; boundary=x' };
    const CONTINUE = /^HTTP\/1\.1 100 /m;

    it.each<[string, number, Record<string, string>]>([
      ['has no key', 401, {}],
      ['is a page of another origin', 403, { ...ann, Origin: 'https://evil.example' }],
      ['would send too much', 413, { ...ann, 'Content-Length': '999999999999' }],
      ['would send something else', 415, { ...ann, 'Content-Type': 'text/plain' }],
    ])('is refused at once when it %s', async (_, status, headers) => {
      const head = lines({ ...FORM, 'Content-Length': '1000', ...headers });
      const answer = await rawCall(api.port, `POST ${LIST} HTTP/1.1\r\n${head}\r\n`);
      expect(answer).toMatchObject({ status, headers: { connection: 'close' } });
      expect(answer.text).not.toMatch(CONTINUE);
    });

    it('is told to send when all is well, and to come back when the queue is full', async () => {
      const song = wav({ frequency: 440, seconds: 0.2 });
      const part = (rest: string): string => `--x\r\nContent-Disposition: form-data; ${rest}\r\n\r\n`;
      const start = `${part('name="model"')}demo\r\n${part('name="file"; filename="a.wav"')}`;
      const form = Buffer.concat([Buffer.from(start), song, Buffer.from('\r\n--x--\r\n')]);
      const headers = { ...FORM, ...ann, 'Content-Length': String(form.length) };
      const call = ask({ port: api.port, method: 'POST', path: LIST, headers });
      call.flushHeaders();
      await once(call, 'continue', { signal: AbortSignal.timeout(patient(10_000)) });
      const answered = once(call, 'response') as Promise<[{ statusCode: number; resume: () => void }]>;
      call.end(form);
      const [response] = await answered;
      response.resume();
      expect(response.statusCode).toBe(202);
      const other = lines({ ...headers, 'x-api-key': 'key-of-bob' });
      const full = await rawCall(api.port, `POST ${LIST} HTTP/1.1\r\n${other}\r\n`);
      expect(full).toMatchObject({ status: 503, headers: { 'retry-after': '30' } });
      expect(full.text).not.toMatch(CONTINUE);
    });
  });

  it.each<[string, number, string, string]>([
    ['no HTTP', 400, 'invalid_request', 'garbage\r\n\r\n'],
    ['an unknown method', 400, 'invalid_request', 'FOO / HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['two lengths', 400, 'invalid_request', `POST ${LIST} HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n`],
    ['no Host in HTTP/1.1', 400, 'invalid_request', `GET ${LIST} HTTP/1.1\r\nConnection: close\r\n\r\n`],
    ['headers of 20 kB', 431, 'headers_too_large', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`],
    ['another expectation', 417, 'expectation_failed', 'GET / HTTP/1.1\r\nHost: localhost\r\nExpect: tea\r\n\r\n'],
  ])('answers %s with a problem document', async (_, status, code, text) => {
    const answer = await rawCall(api.port, text);
    expect(answer).toMatchObject({ status, headers: { 'content-type': 'application/problem+json; charset=utf-8' } });
    expect(JSON.parse(answer.body)).toMatchObject({ status, code, requestId: answer.headers['x-request-id'] });
  });

  it('lists separations without their receipts, which the separation itself has', async () => {
    const { id } = await storeSeparation(api.app.get(Ffmpeg), api.store, {
      seconds: 1,
      stems: ['vocals'],
      owner: 'ann',
    });
    const { index } = api.app.get(SeparationStore);
    await index.add('ann', id, new Date().toISOString());
    const client = api.as('key-of-ann');
    const { body } = await client.json<SeparationPage>(LIST);
    expect(body.separations.find((one) => one.id === id)).toMatchObject({ status: 'completed', stems: ['vocals'] });
    expect(body.separations.map((one) => Object.keys(one)).flat()).not.toContain('receipt');
    expect((await client.separation(id)).body.receipt).toMatchObject({ id });
  });

  it('lets nobody keep what changes, and compresses it', async () => {
    const { id } = await storeSeparation(api.app.get(Ffmpeg), api.store, {
      seconds: 1,
      stems: ['vocals'],
      owner: 'ann',
    });
    for (const path of [LIST, `${LIST}/${id}`, '/v1/models', `${LIST}/${someId()}`]) {
      const { headers } = await api.as('key-of-ann').json(path);
      expect([path, headers.get('cache-control')]).toEqual([path, 'no-store']);
    }
    for (const path of [`${LIST}/${id}`, '/docs-json']) {
      const { headers } = await api.as('key-of-ann').json(path, { headers: { 'accept-encoding': 'gzip' } });
      expect([path, headers.get('content-encoding')]).toEqual([path, 'gzip']);
    }
    const file = await api.as('key-of-ann').bytes(`${LIST}/${id}/waveform`, { headers: { 'accept-encoding': 'gzip' } });
    expect(file.headers.get('content-encoding')).toBeNull();
    expect(file.headers.get('cache-control')).not.toBe('no-store');
  });

  it("takes as long to hide another key's separation as to find none", async () => {
    const { id } = await storeSeparation(api.app.get(Ffmpeg), api.store, {
      seconds: 1,
      stems: ['vocals'],
      owner: 'ann',
    });
    const bob = api.as('key-of-bob');
    for (const one of [id, someId()]) {
      const startedAt = performance.now();
      expect((await bob.separation(one)).status).toBe(404);
      // the store itself answers within a few milliseconds
      expect(performance.now() - startedAt).toBeGreaterThanOrEqual(95);
    }
  });
});
