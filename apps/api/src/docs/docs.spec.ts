import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ffmpeg } from '@app/audio';
import { componentRef, CONTAINERS } from '@app/separations';
import { SeparationStore } from '@app/separation-store';
import { Ajv2020 as Ajv, type ValidateFunction } from 'ajv/dist/2020.js';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Answer } from '../../../../test/support/service/api-client.js';
import { keyLine, startApi, type InProcessApi } from '../../../../test/support/service/in-process-api.js';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import { someAnalysis } from '../../../../test/support/separations/stored-separations.js';
import { wav } from '../../../../test/support/songs/wav.js';
import { storeSeparation } from '../media/completed-separation.fixture.js';
import { serveDocs } from './docs.js';
import { closed, operationsOf, schemasOf, type OpenApi, type Operation } from './open-api.fixture.js';

const DEMO = { model: 'demo' };
const ONE = '/v1/separations/{id}';

describe(serveDocs.name, () => {
  let redis: RedisServer;
  let api: InProcessApi;
  let document: OpenApi;
  let ajv: Ajv;

  beforeAll(async () => {
    redis = await RedisServer.start();
    api = await startApi(redis.url);
    document = (await api.client.json<OpenApi>('/docs-json')).body;
    const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
    const formats = {
      'date-time': time,
      date: /^\d{4}-\d\d-\d\d$/,
      binary: true,
      uri: true,
      'uri-reference': /^\/v1\/[^\s]+$/,
    } as const;
    ajv = new Ajv({ strictSchema: false, allowUnionTypes: true, allErrors: true, formats });
    // not a keyword: a place for references to point to
    ajv.addSchema({ components: closed(document.components) }, 'api');
  });

  afterAll(async () => {
    await api.close();
    await redis.close();
  });

  function schemaOf(schema: object): ValidateFunction {
    return ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"api#/components')) as object);
  }

  function operation(method: string, path: string): Operation {
    const found = operationsOf(document).find((one) => one.method === method && one.path === path);
    if (found === undefined) throw new Error(`${method} ${path} is not described`);
    return found;
  }

  /** Every property of a real response must be documented. */
  function expectDescribed(method: string, path: string, { status, body, headers }: Answer<unknown>): void {
    const type = headers.get('content-type')?.split(';')[0] ?? '';
    const schema = operation(method, path).responses[status]?.content?.[type]?.schema;
    expect({ path, status, type, schema }).toMatchObject({ schema: expect.any(Object) as object });
    const validate = schemaOf(schema ?? {});
    validate(body);
    expect({ path, status, errors: validate.errors ?? [] }).toEqual({ path, status, errors: [] });
  }

  it('describes every operation once, with its parameters, responses and problems', () => {
    const operations = operationsOf(document);
    expect(operations.length).toBeGreaterThan(12);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    for (const { path, summary, tags, parameters = [], responses, security } of operations) {
      expect({ path, summary, tags }).toEqual({ path, summary: expect.any(String), tags: [expect.any(String)] });
      const inPath = parameters.filter((one) => one.in === 'path').map(({ name }) => `{${name}}`);
      expect({ path, named: inPath.sort() }).toEqual({ path, named: [...(path.match(/\{\w+\}/g) ?? [])].sort() });
      expect(Object.keys(responses).some((status) => status.startsWith('2'))).toBe(true);
      const always = security === undefined ? [] : ['401', '429', '500'];
      expect(Object.keys(responses)).toEqual(expect.arrayContaining(always));
    }
  });

  it('calls operations by what they do, and makes nothing required by a default', () => {
    expect(operationsOf(document).map(({ operationId }) => operationId)).toEqual(
      expect.arrayContaining(['createSeparation', 'followSeparation', 'getStem', 'headStem', 'listModels']),
    );
    expect(JSON.stringify(document)).not.toMatch(/Controller_|"default":(?!\{)/);
  });

  it('describes headers, media types and HEAD of what is downloaded', () => {
    const headers = (method: string, path: string, status: number): string[] =>
      Object.keys(operation(method, path).responses[status]?.headers ?? {});
    expect(headers('post', '/v1/separations', 202)).toEqual(
      expect.arrayContaining(['Location', 'x-request-id', 'RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset']),
    );
    expect(headers('get', ONE, 503)).toContain('Retry-After');
    expect(headers('get', ONE, 429)).toContain('Retry-After');
    const input = operation('get', `${ONE}/input`);
    expect(Object.keys(input.responses)).toEqual(expect.arrayContaining(['200', '206', '304', '416']));
    expect(Object.keys(input.responses[200]?.content ?? {})).toEqual(
      Object.values(CONTAINERS).map((one) => one.contentType),
    );
    for (const path of [
      'input',
      'original.flac',
      'waveform',
      'archive.zip',
      'stems/{stem}.{format}',
      'preview/{attempt}/{stem}/{n}.flac',
      'stems/{stem}/light/{n}.mp3',
      'original/light/{n}.mp3',
    ]) {
      expect(headers('get', `${ONE}/${path}`, 206)).toEqual(expect.arrayContaining(['ETag', 'Content-Range']));
      expect(headers('head', `${ONE}/${path}`, 200)).toEqual(expect.arrayContaining(['ETag', 'Content-Length']));
    }
    const events = operation('get', `${ONE}/events`).responses[200]?.content;
    const schema = { anyOf: [componentRef('StateEvent'), componentRef('PreviewEvent')] };
    expect(events).toEqual({ 'text/event-stream': { schema } });
  });

  it('has valid schemas, and examples that match them', () => {
    for (const schema of schemasOf(document)) schemaOf(schema);
    for (const { path, responses } of operationsOf(document)) {
      for (const { content = {} } of Object.values(responses)) {
        const { schema = {}, examples = {} } = content['application/problem+json'] ?? {};
        const validate = schemaOf(schema);
        for (const [code, { value }] of Object.entries(examples)) {
          expect({ path, code, valid: validate(value) }).toEqual({ path, code, valid: true });
        }
      }
    }
  });

  it('describes a separation that is queued, cancelled and deleted', async () => {
    const accepted = await api.client.upload(wav(), DEMO);
    expectDescribed('post', '/v1/separations', accepted);
    const { id } = accepted.body;
    expectDescribed('get', ONE, await api.client.separation(id));
    expectDescribed('get', '/v1/separations', await api.client.json('/v1/separations?limit=1'));
    const edited = { title: 'Mine', tempo: 90, key: { tonic: 'A', mode: 'minor' } };
    for (const edit of [edited, { tempo: 0 }, '{', { id }]) {
      expectDescribed('patch', ONE, await api.client.edit(id, edit));
    }
    expectDescribed('patch', ONE, await api.client.edit(id, '{}', 'text/plain'));
    expectDescribed('delete', ONE, await api.client.json(`/v1/separations/${id}`, { method: 'DELETE' }));
    expectDescribed('post', `${ONE}/cancel`, await api.client.cancel(id));
    expectDescribed('post', `${ONE}/cancel`, await api.client.cancel(id));
    expect((await api.client.fetch(`/v1/separations/${id}`, { method: 'DELETE' })).status).toBe(204);
    expectDescribed('get', ONE, await api.client.separation(id));
  });

  it('describes a completed separation with its receipt and waveform', async () => {
    const request = await storeSeparation(api.app.get(Ffmpeg), api.store, { seconds: 1, stems: ['vocals', 'drums'] });
    const { id } = request;
    const answer = await api.client.separation(id);
    expect(answer.body.receipt).toBeDefined();
    expectDescribed('get', ONE, answer);
    await api.app.get(SeparationStore).writeAnalysis(request, someAnalysis());
    for (const edit of [{}, { tempo: 90 }]) {
      await api.client.edit(id, edit);
      expectDescribed('get', `${ONE}/analysis`, await api.client.json(`/v1/separations/${id}/analysis`));
    }
    expectDescribed('get', `${ONE}/waveform`, await api.client.json(`/v1/separations/${id}/waveform`));
    const stem = `${ONE}/stems/{stem}.{format}`;
    expectDescribed('get', stem, await api.client.json(`/v1/separations/${id}/stems/tuba.flac`));
    const range = { headers: { range: 'bytes=999999999-' } };
    expectDescribed('get', stem, await api.client.json(`/v1/separations/${id}/stems/vocals.flac`, range));
  });

  it('describes webhooks', async () => {
    const hooks = '/v1/webhooks';
    const headers = { 'content-type': 'application/json' };
    const create = (body: object): Promise<Answer<{ id: string }>> =>
      api.client.json(hooks, { method: 'POST', body: JSON.stringify(body), headers });
    const created = await create({ url: 'https://1.1.1.1/', events: ['separation.failed'] });
    expect(created.status).toBe(201);
    for (const answer of [created, await create({ url: 'x' }), await create({ url: 'http://127.0.0.1/' })]) {
      expectDescribed('post', hooks, answer);
    }
    expectDescribed('get', hooks, await api.client.json(hooks));
    const one = `${hooks}/${created.body.id}`;
    expectDescribed('get', `${hooks}/{webhookId}`, await api.client.json(one));
    expectDescribed('get', `${hooks}/{webhookId}/deliveries`, await api.client.json(`${one}/deliveries`));
    const again = `${hooks}/{webhookId}/deliveries/{n}/redeliver`;
    expectDescribed('post', again, await api.client.json(`${one}/deliveries/x/redeliver`, { method: 'POST' }));
    expect((await api.client.fetch(one, { method: 'DELETE' })).status).toBe(204);
    expectDescribed('delete', `${hooks}/{webhookId}`, await api.client.json(one, { method: 'DELETE' }));
  });

  it('describes refusals with the allowed values, models and health', async () => {
    for (const fields of [
      { model: 'x' },
      { ...DEMO, stems: 'x' },
      { ...DEMO, overlap: '2' },
      { ...DEMO, extra: '1' },
    ]) {
      expectDescribed('post', '/v1/separations', await api.client.upload(wav(), fields));
    }
    expectDescribed('get', '/v1/separations', await api.client.json('/v1/separations?limit=0'));
    expectDescribed('get', '/v1/models', await api.client.json('/v1/models'));
    expectDescribed('get', '/health/ready', await api.client.json('/health/ready'));
  });

  it('is OpenAPI 3.1 of this server, which asks for no key', async () => {
    expect(document).toMatchObject({ openapi: '3.1.0', servers: [{ url: '/' }] });
    const ofKeys = [{ bearer: [] }, { key: [] }];
    expect(operation('get', ONE).security).toEqual([{}, ...ofKeys]);
    expect(operation('get', '/health/live').security).toBeUndefined();
    const folder = await mkdtemp(join(tmpdir(), 'keys-'));
    const keysFile = join(folder, 'keys');
    await writeFile(keysFile, keyLine('ann', 'key'));
    const closed = await startApi(redis.url, { API_KEYS_FILE: keysFile });
    const { body } = await closed.client.json<OpenApi>('/docs-json');
    expect(body.paths[ONE]?.['get']?.security).toEqual(ofKeys);
    await closed.close();
    await rm(folder, { recursive: true });
  });
});
