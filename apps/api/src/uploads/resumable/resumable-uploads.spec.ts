import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { objectKeys, type Separation } from '@app/separations';
import type { Answer, ApiClient, Problem } from '../../../../../test/support/service/api-client.js';
import { keyLine, startApi, type InProcessApi } from '../../../../../test/support/service/in-process-api.js';
import { RedisServer } from '../../../../../test/support/servers/redis-server.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';
import { wav } from '../../../../../test/support/songs/wav.js';
import { ReconcilerService } from '../../reconciler/reconciler.service.js';
import { ResumableUploads } from './resumable-uploads.js';

const TUS = { 'tus-resumable': '1.0.0' };
const PART = { ...TUS, 'content-type': 'application/offset+octet-stream' };
const PATH = '/v1/uploads';
const MAX_BYTES = 1_000_000;
const HOUR_MS = 3600 * 1000;

describe(ResumableUploads.name, () => {
  let redis: RedisServer;
  let api: InProcessApi;
  let folder: string;
  let ann: ApiClient;
  let bob: ApiClient;
  let frequency = 300;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'resumable-'));
    const lines = [
      keyLine('ann', 'key-of-ann', 'scopes=separate'),
      keyLine('bob', 'key-of-bob'),
      keyLine('eve', 'key-of-eve'),
      keyLine('tim', 'key-of-tim', 'scopes=read,delete'),
    ];
    await writeFile(join(folder, 'keys'), lines.join(''));
    redis = await RedisServer.start();
    api = await start();
    [ann, bob] = [api.as('key-of-ann'), api.as('key-of-bob')];
  });

  afterAll(async () => {
    await api.close();
    await redis.close();
    await rm(folder, { recursive: true });
  });

  function start(): Promise<InProcessApi> {
    return startApi(redis.url, {
      API_KEYS_FILE: join(folder, 'keys'),
      DATA_DIR: folder,
      MAX_UPLOAD_BYTES: String(MAX_BYTES),
      UPLOAD_STALL_SECONDS: '1',
    });
  }

  /** another one each time */
  const song = (): Buffer => wav({ seconds: 0.5, frequency: (frequency += 1) });

  function call(
    client: ApiClient,
    method: string,
    path: string,
    headers = {},
    body?: Buffer,
  ): Promise<Answer<Problem>> {
    const init = { method, headers: { ...TUS, ...headers }, ...(body && { body: new Uint8Array(body) }) };
    return client.json<Problem>(path, init);
  }

  async function create(client: ApiClient, bytes: number, headers = {}): Promise<string> {
    const answer = await call(client, 'POST', PATH, { 'upload-length': String(bytes), ...headers });
    expect(answer.status).toBe(201);
    return answer.headers.get('location') ?? '';
  }

  function append(
    client: ApiClient,
    path: string,
    offset: number,
    part: Buffer,
    headers = {},
  ): Promise<Answer<Problem>> {
    return call(client, 'PATCH', path, { ...PART, 'upload-offset': String(offset), ...headers }, part);
  }

  async function offsetOf(client: ApiClient, path: string): Promise<string | null> {
    return (await call(client, 'HEAD', path)).headers.get('upload-offset');
  }

  function use(
    client: ApiClient,
    path: string,
    fields: Record<string, string> = {},
    headers = {},
  ): Promise<Answer<Separation & Problem>> {
    const form = new FormData();
    const id = path.split('/').at(-1) ?? '';
    for (const [name, value] of Object.entries({ upload: id, model: 'demo', ...fields })) form.set(name, value);
    return client.json('/v1/separations', { method: 'POST', body: form, headers });
  }

  async function complete(client: ApiClient, bytes = song()): Promise<string> {
    const path = await create(client, bytes.length);
    expect((await append(client, path, 0, bytes)).status).toBe(204);
    return path;
  }

  /** a part whose body the spec writes */
  function begin(path: string, key: string, offset = 0): ClientRequest {
    const headers = { ...PART, 'upload-offset': String(offset), 'x-api-key': key };
    const part = request(`http://127.0.0.1:${api.port}${path}`, { method: 'PATCH', headers });
    part.on('error', () => undefined);
    return part;
  }

  it('goes on after a restart of the server, with a key that may only separate', async () => {
    const bytes = song();
    const metadata = { 'upload-metadata': `filename ${Buffer.from('Für Elise.wav').toString('base64')},private` };
    const path = await create(ann, bytes.length, metadata);
    const first = await append(ann, path, 0, bytes.subarray(0, 30_000));
    expect([first.status, first.headers.get('upload-offset')]).toEqual([204, '30000']);
    await api.close();
    api = await start();
    [ann, bob] = [api.as('key-of-ann'), api.as('key-of-bob')];
    const { status, headers } = await call(ann, 'HEAD', path);
    expect({ status, ...Object.fromEntries(headers) }).toMatchObject({
      status: 200,
      'tus-resumable': '1.0.0',
      'upload-offset': '30000',
      'upload-length': String(bytes.length),
      'upload-metadata': metadata['upload-metadata'],
      'cache-control': 'no-store',
    });
    const lifetime = Date.parse(headers.get('upload-expires') ?? '') - Date.now();
    expect(lifetime).toBeGreaterThan(23 * HOUR_MS);
    expect(lifetime).toBeLessThanOrEqual(24 * HOUR_MS);
    expect((await append(ann, path, 30_000, bytes.subarray(30_000))).status).toBe(204);
    const used = await use(ann, path);
    expect(used).toMatchObject({ status: 202, body: { fileName: 'Für Elise.wav' } });
    const stored = await api.store.get(objectKeys.input(used.body.id, 'wav'));
    expect(Buffer.concat((await stored.toArray()) as Buffer[]).equals(bytes)).toBe(true);
  });

  it('is hidden from other keys, and refused to those that may not separate', async () => {
    const path = await complete(bob);
    const eve = api.as('key-of-eve');
    const calls = [call(eve, 'HEAD', path), append(eve, path, 0, song()), call(eve, 'DELETE', path)];
    for (const { status } of await Promise.all(calls)) expect(status).toBe(404);
    expect(await use(eve, path)).toMatchObject({ status: 404, body: { code: 'upload_not_found' } });
    expect((await call(api.as('key-of-tim'), 'DELETE', path)).body.code).toBe('scope_missing');
    expect((await call(api.client, 'HEAD', path)).status).toBe(401);
    expect((await use(bob, path)).status).toBe(202);
    expect(await use(eve, path)).toMatchObject({ status: 404, body: { code: 'upload_not_found' } });
  });

  it('ends 24 hours after it began: not before, and nothing is left of it', async () => {
    const paths = [await complete(bob), await complete(bob)] as const;
    const [expired, young] = paths;
    await makeOlder(expired, 24.1);
    await makeOlder(young, 23.9);
    expect((await call(bob, 'HEAD', expired)).status).toBe(404);
    expect((await append(bob, expired, 0, song())).body.code).toBe('upload_not_found');
    expect((await use(bob, expired)).body.code).toBe('upload_not_found');
    await waitUntil('the sweep', async () => {
      await api.app.get(ReconcilerService, { strict: false }).run();
      return (await api.objects(`staging/uploads/${expired.split('/').at(-1) ?? ''}/`)).length === 0;
    });
    expect((await use(bob, young)).status).toBe(202);
  });

  it('keeps what arrived before a client went, or stalled', async () => {
    const path = await create(bob, 500_000);
    const broken = begin(path, 'key-of-bob');
    broken.write(Buffer.alloc(200_000));
    const receiver = api.app.get(ResumableUploads, { strict: false });
    await waitUntil('some of it to be on its way', () => receiver.inProgress === 1);
    broken.destroy();
    await waitUntil('its end', () => receiver.inProgress === 0);
    const kept = Number(await offsetOf(bob, path));
    const stalled = begin(path, 'key-of-bob', kept);
    stalled.write(Buffer.alloc(100_000));
    const [answer] = (await once(stalled, 'response')) as [IncomingMessage];
    stalled.destroy();
    expect(answer.statusCode).toBe(408);
    expect(await offsetOf(bob, path)).toBe(String(kept + 100_000));
  });

  it('takes one part at a time', async () => {
    const path = await create(bob, 100_000);
    const first = begin(path, 'key-of-bob');
    first.write(Buffer.alloc(50_000));
    const receiver = api.app.get(ResumableUploads, { strict: false });
    await waitUntil('the first to run', () => receiver.inProgress === 1);
    const keepAlive = setInterval(() => first.write(Buffer.alloc(2000)), 200);
    const [second, removed] = await Promise.all([append(bob, path, 0, Buffer.alloc(9)), call(bob, 'DELETE', path)]);
    clearInterval(keepAlive);
    expect(second).toMatchObject({ status: 423, body: { code: 'upload_in_use' } });
    expect(removed.status).toBe(423);
    const answered = once(first, 'response') as Promise<[IncomingMessage]>;
    first.end();
    expect((await answered)[0].statusCode).toBe(204);
    expect((await call(bob, 'DELETE', path)).status).toBe(204);
    expect((await call(bob, 'HEAD', path)).status).toBe(404);
  });

  it.each<[what: string, status: number, code: string, headers: Record<string, string>]>([
    ['no length', 400, 'invalid_request', {}],
    ['a length that is no number', 400, 'invalid_request', { 'upload-length': '1e3' }],
    ['a length to be told later', 400, 'invalid_request', { 'upload-defer-length': '1' }],
    ['metadata that is not base64', 400, 'invalid_request', { 'upload-length': '9', 'upload-metadata': 'a !' }],
    ['an empty song', 400, 'empty_file', { 'upload-length': '0' }],
    ['a song over the limit', 413, 'file_too_large', { 'upload-length': String(MAX_BYTES + 1) }],
    ['another version', 412, 'tus_version_unsupported', { 'upload-length': '9', 'tus-resumable': '0.2.2' }],
    ['a page of another origin', 403, 'forbidden', { 'upload-length': '9', origin: 'https://evil.example' }],
  ])('refuses to begin with %s', async (_, status, code, headers) => {
    const answer = await call(bob, 'POST', PATH, headers);
    expect(answer).toMatchObject({ status, body: { code } });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    if (code === 'tus_version_unsupported') expect(answer.headers.get('tus-version')).toBe('1.0.0');
  });

  it('refuses parts that do not fit, and keeps the upload', async () => {
    const path = await create(bob, 10_000);
    const part = Buffer.alloc(4000);
    expect((await append(bob, path, 0, part)).status).toBe(204);
    const refused: [status: number, code: string, answer: Promise<Answer<Problem>>][] = [
      [409, 'upload_offset_mismatch', append(bob, path, 0, part)],
      [400, 'invalid_request', append(bob, path, 0, part, { 'upload-offset': '-1' })],
      [415, 'unsupported_media_type', append(bob, path, 4000, part, { 'content-type': 'audio/wav' })],
      [415, 'unsupported_media_type', append(bob, path, 4000, part, { 'content-encoding': 'gzip' })],
      [413, 'file_too_large', append(bob, path, 4000, Buffer.alloc(6001))],
    ];
    for (const [status, code, answer] of refused) expect(await answer).toMatchObject({ status, body: { code } });
    const endless = begin(path, 'key-of-bob', 4000);
    endless.write(Buffer.alloc(6001));
    const [answer] = (await once(endless, 'response')) as [IncomingMessage];
    endless.destroy();
    expect(answer.statusCode).toBe(413);
    expect(Number(await offsetOf(bob, path))).toBeLessThanOrEqual(10_000);
    expect((await call(bob, 'POST', path, { 'x-http-method-override': 'DELETE' })).status).toBe(204);
  });

  it('is used once it is complete, and is kept when its options are refused', async () => {
    const bytes = song();
    const path = await create(bob, bytes.length);
    await append(bob, path, 0, bytes.subarray(0, 100));
    expect(await use(bob, path)).toMatchObject({ status: 409, body: { code: 'upload_incomplete' } });
    await append(bob, path, 100, bytes.subarray(100));
    expect((await use(bob, path, { model: 'none' })).body.code).toBe('unknown_model');
    const form = new FormData();
    form.set('upload', path.split('/').at(-1) ?? '');
    form.set('file', new Blob([new Uint8Array(bytes)]), 'song.wav');
    const both = await bob.json<Problem>('/v1/separations', { method: 'POST', body: form });
    expect(both.body.code).toBe('too_many_files');
    expect((await use(bob, path)).status).toBe(202);
  });

  it('is the same separation when a client lost the answer and asks again, and another one with other options', async () => {
    const path = await complete(bob);
    const key = { 'idempotency-key': path };
    const first = await use(bob, path, {}, key);
    expect([first.status, (await call(bob, 'HEAD', path)).status]).toEqual([202, 404]);
    for (const headers of [{}, key]) {
      const again = await use(bob, path, {}, headers);
      expect([again.status, again.body.id]).toEqual([202, first.body.id]);
    }
    const other = await use(bob, path, { stems: 'vocals' });
    expect([other.status, other.body.stems]).toEqual([202, ['vocals']]);
    expect(await api.objects('staging/')).not.toContainEqual(expect.stringMatching(/^staging\/[^/]+$/));
  });

  it('tells what it speaks', async () => {
    const { status, headers } = await bob.fetch(PATH, { method: 'OPTIONS' });
    expect({ status, ...Object.fromEntries(headers) }).toMatchObject({
      status: 204,
      'tus-version': '1.0.0',
      'tus-extension': 'creation,expiration,termination',
      'tus-max-size': String(MAX_BYTES),
    });
  });

  it('gives one client no more than its share of places', async () => {
    const eve = api.as('key-of-eve');
    const calls = Array.from({ length: 40 }, () => call(eve, 'POST', PATH, { 'upload-length': '9' }));
    const refused = (await Promise.all(calls)).filter(({ status }) => status !== 201);
    expect(refused.map(({ status, body }) => [status, body.code])).toEqual(Array(8).fill([429, 'too_many_at_once']));
    await create(bob, 9);
  });

  it('gives the place of an upload that never began to others', async () => {
    const [empty, begun] = [await create(bob, 9), await create(bob, 9)];
    await append(bob, begun, 0, Buffer.alloc(3));
    for (const path of [empty, begun]) await makeOlder(path, 3.1);
    await waitUntil('the sweep', async () => {
      await api.app.get(ReconcilerService, { strict: false }).run();
      return (await call(bob, 'HEAD', empty)).status === 404;
    });
    expect((await call(bob, 'HEAD', begun)).status).toBe(200);
  });

  async function makeOlder(path: string, hours: number): Promise<void> {
    const key = objectKeys.uploadInfo(path.split('/').at(-1) ?? '');
    const info = JSON.parse((await api.store.getText(key)) ?? '') as object;
    const createdAt = new Date(Date.now() - hours * HOUR_MS).toISOString();
    await api.store.putText(key, JSON.stringify({ ...info, createdAt }));
  }
});
