import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SeparationQueue } from '@app/queue';
import { RedisConnections } from '@app/redis';
import type { Separation } from '@app/separations';
import type { Answer, Problem } from '../../../../test/support/service/api-client.js';
import { keyLine, startApi, type InProcessApi } from '../../../../test/support/service/in-process-api.js';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import { wav } from '../../../../test/support/songs/wav.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { UploadReceiver } from '../uploads/upload-receiver.js';
import { IdempotentCalls } from './idempotent-calls.js';

const PATH = '/v1/separations';
let frequency = 500;

describe(IdempotentCalls.name, () => {
  let redis: RedisServer;
  let api: InProcessApi;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'idempotency-'));
    await writeFile(join(folder, 'keys'), keyLine('ann', 'key-of-ann') + keyLine('bob', 'key-of-bob'));
    redis = await RedisServer.start();
    api = await start();
  });

  afterAll(async () => {
    await api.close();
    await redis.close();
    await rm(folder, { recursive: true });
  });

  const start = (): Promise<InProcessApi> =>
    startApi(redis.url, { API_KEYS_FILE: join(folder, 'keys'), DATA_DIR: join(folder, 'data'), MAX_QUEUED: '8' });

  function send(
    key: string,
    song: Buffer,
    fields: Record<string, string> = {},
    who = 'key-of-ann',
  ): Promise<Answer<Separation & Problem>> {
    const body = new FormData();
    for (const [name, value] of Object.entries({ model: 'demo', ...fields })) body.set(name, value);
    body.set('file', new Blob([new Uint8Array(song)]), 'song.wav');
    return api.as(who).json(PATH, { method: 'POST', body, headers: { 'idempotency-key': key } });
  }

  const someSong = (): Buffer => wav({ frequency: frequency++, seconds: 0.2 });

  it('repeats the answer, also after a restart, a cancel and in a full queue', async () => {
    const song = someSong();
    const first = await send('one', song);
    expect(first.status).toBe(202);
    await api.as('key-of-ann').cancel(first.body.id);
    await api.close();
    api = await start();
    // the half of the queue that one client may have
    for (let n = 0; n < 4; n += 1) expect((await send(`full-${n}`, someSong())).status).toBe(202);
    expect((await send('refused', someSong())).status).toBe(429);
    const again = await send('one', song);
    expect(again).toMatchObject({ status: 202, body: first.body });
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect((await api.as('key-of-ann').separation(first.body.id)).body.status).toBe('cancelled');
    await emptyQueue();
  });

  it.each<[what: string, song: boolean, fields: Record<string, string>]>([
    ['another song', true, {}],
    ['other options', false, { stems: 'vocals' }],
  ])('refuses the key with %s', async (what, isOther, fields) => {
    const song = someSong();
    const key = `for-${what.replace(' ', '-')}`;
    expect((await send(key, song)).status).toBe(202);
    const other = await send(key, isOther ? someSong() : song, fields);
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
    expect((await send(key, song)).status).toBe(202);
    await emptyQueue();
  });

  it('keeps the keys of clients apart', async () => {
    const song = someSong();
    const [ann, bob] = [await send('same', song), await send('same', song, {}, 'key-of-bob')];
    expect([ann.status, bob.status]).toEqual([202, 202]);
    expect(bob.body.id).not.toBe(ann.body.id);
    await emptyQueue();
  });

  it('answers 409 before the song is sent while the first call runs, and goes on when it has failed', async () => {
    const song = someSong();
    const first = request({
      port: api.port,
      method: 'POST',
      path: PATH,
      headers: {
        'content-type': 'multipart/form-data; boundary=x',
        'x-api-key': 'key-of-ann',
        'idempotency-key': 'busy',
      },
    });
    first.on('error', () => undefined);
    first.write('--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n');
    const receiver = api.app.get(UploadReceiver, { strict: false });
    await waitUntil('the first to run', () => receiver.inProgress === 1);
    expect(await send('busy', song)).toMatchObject({ status: 409, body: { code: 'idempotency_key_in_use' } });
    const call = await headOnly('busy');
    expect(call.statusCode).toBe(409);
    expect(call.headers['retry-after']).toBe('1');
    first.destroy();
    await waitUntil('the key to be free', async () => (await send('busy', song)).status === 202);
    await emptyQueue();
  });

  it('frees a key whose upload was refused', async () => {
    const refused = await send('again', Buffer.from('no song'));
    expect(refused.status).toBe(415);
    expect((await send('again', someSong())).status).toBe(202);
    await emptyQueue();
  });

  it.each(['x'.repeat(256), 'with space', 'ünicode'])('refuses the key %j', async (key) => {
    const answer = await send(key, someSong());
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_idempotency_key' } });
  });

  it('keeps answers for a day, and the last thousand of a client', async () => {
    const connections = api.app.get(RedisConnections, { strict: false });
    const { keys } = connections;
    await send('kept', someSong());
    const answers = keys.answers('key:ann');
    const [latest = ''] = await connections.call((client) => client.lrange(answers, 0, 0));
    const hours = (await connections.call((client) => client.pttl(latest))) / 3_600_000;
    expect(hours).toBeGreaterThan(23.9);
    expect(hours).toBeLessThanOrEqual(24);
    await connections.call((client) => client.rpush(answers, ...Array.from({ length: 2000 }, (_, n) => `old-${n}`)));
    await send('next', someSong());
    expect(await connections.call((client) => client.llen(answers))).toBe(1000);
    await emptyQueue();
  });

  async function headOnly(key: string): Promise<IncomingMessage> {
    const headers = {
      'content-type': 'multipart/form-data; boundary=x',
      'x-api-key': 'key-of-ann',
      'idempotency-key': key,
      expect: '100-continue',
    };
    const call: ClientRequest = request({ port: api.port, method: 'POST', path: PATH, headers });
    const answered = once(call, 'response') as Promise<[IncomingMessage]>;
    call.flushHeaders();
    const [response] = await answered;
    call.destroy();
    return response;
  }

  async function emptyQueue(): Promise<void> {
    const queue = api.app.get(SeparationQueue, { strict: false });
    for (const client of [api.as('key-of-ann'), api.as('key-of-bob')]) {
      const { body } = await client.json<{ separations: Separation[] }>(`${PATH}?status=queued`);
      for (const { id } of body.separations) await client.cancel(id);
    }
    expect(await queue.unfinishedCount()).toBe(0);
  }
});
