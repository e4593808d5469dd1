import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { RedisConnections } from '@app/redis';
import type { Problem } from '../../../../test/support/service/api-client.js';
import { keyLine, startApi, type InProcessApi } from '../../../../test/support/service/in-process-api.js';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { wav } from '../../../../test/support/songs/wav.js';
import { AccessGuard } from './access.guard.js';
import { KeyRing } from './key-ring.js';

const LIST = '/v1/separations';

describe(AccessGuard.name, () => {
  let redis: RedisServer;
  let api: InProcessApi;
  let folder: string;
  let file: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keys-'));
    file = join(folder, 'keys');
    await writeFile(file, `# people\n\n${keyLine('ann', 'key-of-ann')}`);
    redis = await RedisServer.start();
    api = await startApi(redis.url, { API_KEYS_FILE: file, RATE_LIMIT_PER_MINUTE: '20' });
  });

  afterAll(async () => {
    await api.close();
    await redis.close();
    await rm(folder, { recursive: true });
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('accepts a key in either header', async () => {
    expect((await api.as('key-of-ann').json(LIST)).status).toBe(200);
    expect((await api.client.json(LIST, { headers: { 'x-api-key': 'key-of-ann' } })).status).toBe(200);
  });

  it('refuses a missing key, and a wrong one', async () => {
    const none = 'Send an API key as "Authorization: Bearer KEY" or "x-api-key: KEY".';
    for (const [client, detail] of [
      [api.client, none],
      [api.as('key-of-bob'), 'The API key is not valid.'],
      [api.as(''), none],
    ] as const) {
      const answer = await client.json(LIST);
      expect(answer).toMatchObject({ status: 401, body: { code: 'unauthorized', detail } });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  it.each(['/', '/docs', '/docs-json', '/health/live', '/health/ready'])('needs no key for %s', async (path) => {
    const answer = await api.client.fetch(path);
    await answer.body?.cancel();
    expect(answer.status).toBe(200);
  });

  it('shows its metrics to those with a key', async () => {
    expect((await api.client.json('/metrics')).status).toBe(401);
    expect(await metrics()).toEqual(['api_keys 1', 'api_keys_file_ok 1']);
  });

  it('takes new keys and refuses removed ones when the file changes', async () => {
    await writeFile(file, keyLine('ann', 'key-of-ann') + keyLine('cem', 'key-of-cem'));
    await waitUntil('the new key to work', () => works('key-of-cem'));
    await writeFile(file, keyLine('ann', 'key-of-ann'));
    await waitUntil('the removed key to be refused', async () => !(await works('key-of-cem')));
    expect(await works('key-of-ann')).toBe(true);
  });

  it('refuses a removed key although another line of the file is wrong, and tells of the line', async () => {
    await writeFile(file, `${keyLine('ann', 'key-of-ann')}this is no key\n`);
    await writeFile(file, `this is no key\n${keyLine('dora', 'key-of-dora')}`);
    await waitUntil('the removed key to be refused', async () => !(await works('key-of-ann')));
    expect(await works('key-of-dora')).toBe(true);
    const { status, body } = await api.client.json('/health/ready');
    const reason = 'API_KEYS_FILE: line 1 is not of the form name:sha256hex [options]';
    expect({ status, body }).toMatchObject({ status: 200, body: { checks: { keys: { status: 'degraded', reason } } } });
    expect(await metrics()).toEqual(['api_keys 1', 'api_keys_file_ok 0']);
  });

  it('lets nobody in when the file was emptied, and is ready', async () => {
    await writeFile(file, '');
    await waitUntil('the last key to be refused', async () => !(await works('key-of-dora')));
    expect(await api.client.json('/health/ready')).toMatchObject({
      status: 200,
      body: { checks: { keys: { status: 'up' } } },
    });
    await writeFile(file, keyLine('ann', 'key-of-ann'));
    await waitUntil('the key to work', () => works('key-of-ann'));
  });

  it('is not ready without its file', async () => {
    await rm(file);
    await waitUntil('the check to fail', async () => (await api.client.json('/health/ready')).status === 503);
    const { body } = await api.client.json('/health/ready');
    expect(body).toMatchObject({
      checks: { keys: { status: 'down', reason: expect.stringMatching(/cannot be read/) } },
    });
    await writeFile(file, keyLine('ann', 'key-of-ann'));
    await waitUntil('the key to work', () => works('key-of-ann'));
  });

  it('ends an event stream when its key is revoked', async () => {
    await writeFile(file, keyLine('ann', 'key-of-ann') + keyLine('bob', 'key-of-bob'));
    await waitUntil('the key to work', () => works('key-of-bob'));
    await redis.wipe();
    const song = wav({ frequency: 300, seconds: 0.2 });
    const { id } = (await api.as('key-of-bob').upload(song, { model: 'demo' })).body;
    const stream = await api.as('key-of-bob').fetch(`/v1/separations/${id}/events`);
    expect(stream.status).toBe(200);
    await writeFile(file, keyLine('ann', 'key-of-ann'));
    // ends, and sends nothing more: the song is still queued
    expect((await stream.text()).match(/^event: /gm)).toHaveLength(1);
    expect(await works('key-of-bob')).toBe(false);
  });

  it('takes no upload of a key that was revoked while it came', async () => {
    await writeFile(file, keyLine('ann', 'key-of-ann') + keyLine('eve', 'key-of-eve'));
    await waitUntil('the key to work', () => works('key-of-eve'));
    const form = multipart(wav({ frequency: 301, seconds: 0.2 }));
    const revoke = async function* (): AsyncGenerator<Buffer> {
      yield form.body.subarray(0, 1000);
      await writeFile(file, keyLine('ann', 'key-of-ann'));
      await waitUntil('the key to be refused', async () => !(await works('key-of-eve')));
      yield form.body.subarray(1000);
    };
    const headers = { 'content-type': form.type, 'x-api-key': 'key-of-eve' };
    const call = request({ port: api.port, method: 'POST', path: LIST, headers });
    const answered = once(call, 'response') as Promise<[IncomingMessage]>;
    await pipeline(revoke, call);
    const [response] = await answered;
    response.resume();
    expect(response.statusCode).toBe(401);
    expect(await api.objects('separations/')).not.toContainEqual(expect.stringMatching(/eve/));
  });

  it('lets a key do what its scopes say, and an administrator everything', async () => {
    await writeFile(
      file,
      keyLine('ann', 'key-of-ann') +
        keyLine('ann', 'reader', 'scopes=read') +
        keyLine('ann', 'sender', 'scopes=separate') +
        keyLine('ann', 'remover', 'scopes=delete') +
        keyLine('ann', 'operator', 'scopes=admin'),
    );
    await waitUntil('the keys to work', () => works('reader'));
    await redis.wipe();
    const song = wav({ frequency: 302, seconds: 0.2 });
    const { id } = (await api.as('sender').upload(song, { model: 'demo' })).body;
    const one = `${LIST}/${id}`;
    const calls = [
      [api.as('reader'), 'read', () => ({})],
      [api.as('sender'), 'separate', () => ({ method: 'POST' })],
      [api.as('remover'), 'delete', () => ({ method: 'DELETE' })],
    ] as const;
    for (const [client, own] of calls) {
      for (const [, scope, init] of calls) {
        const path = scope === 'separate' ? `${one}/cancel` : one;
        const { status, body } = await client.json<Problem>(path, init());
        if (scope === own) expect(status).not.toBe(403);
        else expect({ status, body }).toMatchObject({ status: 403, body: { code: 'scope_missing', allowed: [own] } });
      }
    }
    const edit = await api.as('reader').edit(id, { title: 'x' });
    expect(edit).toMatchObject({ status: 403, body: { code: 'scope_missing' } });
    // a webhook tells what a key without `read` may not see
    const hook = { method: 'POST', body: '{"url": "ftp://x"}', headers: { 'content-type': 'application/json' } };
    for (const key of ['sender', 'reader']) {
      expect((await api.as(key).json<Problem>('/v1/webhooks', hook)).body.code).toBe('scope_missing');
    }
    expect((await api.as('key-of-ann').json<Problem>('/v1/webhooks', hook)).body.code).toBe('invalid_url');
    expect((await api.as('operator').upload(song, { model: 'demo' })).status).toBe(202);
    expect((await api.as('operator').cancel(id)).status).toBe(202);
    await waitUntil(
      'it is gone',
      async () => (await api.as('operator').fetch(one, { method: 'DELETE' })).status === 204,
    );
  });

  it('refuses an upload without its scope before the song is sent', async () => {
    const call = request({
      port: api.port,
      method: 'POST',
      path: LIST,
      headers: { 'x-api-key': 'reader', expect: '100-continue' },
    });
    const answered = once(call, 'response') as Promise<[IncomingMessage]>;
    call.flushHeaders();
    const [response] = await answered;
    call.destroy();
    expect(response.statusCode).toBe(403);
  });

  it('refuses a key from the moment when it expires, and ends its streams', async () => {
    const soon = new Date(Math.ceil(Date.now() / 1000) * 1000 + 3000).toISOString().replace('.000', '');
    await writeFile(file, keyLine('ann', 'key-of-ann') + keyLine('dan', 'key-of-dan', `expires=${soon}`));
    await waitUntil('the key to work', () => works('key-of-dan'));
    const { id } = (await api.as('key-of-dan').upload(wav({ frequency: 303, seconds: 0.2 }), { model: 'demo' })).body;
    const stream = await api.as('key-of-dan').fetch(`${LIST}/${id}/events`);
    expect((await stream.text()).match(/^event: /gm)).toHaveLength(1);
    expect(await api.as('key-of-dan').json(LIST)).toMatchObject({
      status: 401,
      body: { code: 'unauthorized', detail: 'The API key has expired. Ask an administrator for a new one.' },
    });
    expect(await metrics()).toEqual(['api_keys 1', 'api_keys_file_ok 1']);
  });

  it('queues with the weight of the key, also after a wipe', async () => {
    await writeFile(file, keyLine('ann', 'key-of-ann', 'weight=4'));
    await waitUntil('the key to weigh', () => api.app.get(KeyRing).weightOf('key:ann') === 4);
    await redis.wipe();
    const { id } = (await api.as('key-of-ann').upload(wav({ frequency: 304, seconds: 0.2 }), { model: 'demo' })).body;
    const connections = api.app.get(RedisConnections, { strict: false });
    const turn = async (): Promise<unknown> => {
      const data = await connections.call((client) => client.hget(connections.keys.queue().key(id), 'data'));
      return (JSON.parse(data ?? '{}') as { turn?: unknown }).turn;
    };
    const expected = { client: 'key:ann', priority: 'normal', weight: 4 };
    expect(await turn()).toEqual(expected);
    await redis.wipe();
    await waitUntil('it to be queued again', async () => (await turn()) !== undefined);
    expect(await turn()).toEqual(expected);
  });

  it('answers 429 with Retry-After above the limit, per key and address', async () => {
    await redis.wipe();
    // the window slides: around the edge of a minute, it lets one more through
    jest.spyOn(Date, 'now').mockReturnValue(Math.floor(Date.now() / 60_000) * 60_000 + 20_000);
    const ann = api.as('key-of-ann');
    const answers = await Promise.all(Array.from({ length: 25 }, () => ann.json<Problem>(LIST)));
    const refused = answers.filter(({ status }) => status === 429);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(20);
    expect(refused).toHaveLength(5);
    for (const { headers, body } of refused) {
      expect(body).toMatchObject({ code: 'rate_limited', limit: 20 });
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(60);
      expect(headers.get('ratelimit-remaining')).toBe('0');
    }
    // guesses of keys are limited as well
    const guesses = await Promise.all(Array.from({ length: 25 }, (_, at) => api.as(`guess-${at}`).json(LIST)));
    expect(guesses.filter(({ status }) => status === 401)).toHaveLength(20);
    expect((await api.client.json('/health/live')).status).toBe(200);
  });

  it('does not start when the file is missing', async () => {
    const missing = join(folder, 'missing');
    const reason = /API_KEYS_FILE cannot be used: the file cannot be read/;
    await expect(startApi(redis.url, { API_KEYS_FILE: missing })).rejects.toThrow(reason);
  });

  /** whether a key is valid, however often it asks */
  async function works(key: string): Promise<boolean> {
    await redis.wipe();
    return (await api.as(key).json(LIST)).status === 200;
  }

  async function metrics(): Promise<string[]> {
    const valid = (await readFile(file, 'utf8')).includes('ann:') ? 'key-of-ann' : 'key-of-dora';
    const text = await (await api.as(valid).fetch('/metrics')).text();
    return [...text.matchAll(/^(api_keys\w*)\{.*\} (\d+)$/gm)].map(([, name = '', value = '']) => `${name} ${value}`);
  }
});

function multipart(song: Buffer): { readonly type: string; readonly body: Buffer } {
  const field = (rest: string): string => `--x\r\nContent-Disposition: form-data; ${rest}\r\n\r\n`;
  const model = `${field('name="model"')}demo\r\n`;
  const file = field('name="file"; filename="song.wav"');
  const body = Buffer.concat([Buffer.from(model + file), song, Buffer.from('\r\n--x--\r\n')]);
  return { type: 'multipart/form-data; boundary=x', body };
}
