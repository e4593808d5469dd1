import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApi, type InProcessApi } from '../../../../../test/support/service/in-process-api.js';
import type { Answer } from '../../../../../test/support/service/api-client.js';
import { patient } from '../../../../../test/support/patience.js';
import { RedisServer } from '../../../../../test/support/servers/redis-server.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';
import { wav } from '../../../../../test/support/songs/wav.js';
import { UploadReceiver } from '../upload-receiver.js';

const MAX_LINKS = 16;
const SHARE = 8;

describe('links that are fetched at once', () => {
  let redis: RedisServer;
  let api: InProcessApi;
  let songs: Server;
  let base: string;
  /** songs on their way, which wait for the spec */
  let held: ServerResponse[];
  const song = wav({ seconds: 0.1, frequency: 331 });

  beforeAll(async () => {
    held = [];
    songs = createServer((_, response) => {
      held.push(response);
      response.writeHead(200, { 'content-length': String(song.length) }).write(song.subarray(0, 1000));
    });
    await once(songs.listen(0, '127.0.0.1'), 'listening');
    base = `http://127.0.0.1:${(songs.address() as AddressInfo).port}`;
    redis = await RedisServer.start();
    api = await startApi(redis.url, {
      URL_IMPORT_HOSTS: '127.0.0.1',
      TRUSTED_PROXIES: '1',
      // longer than the spec: a held song must not end by itself
      UPLOAD_STALL_SECONDS: '600',
    });
  });

  afterAll(async () => {
    songs.closeAllConnections();
    songs.close();
    await api.close();
    await redis.close();
  });

  function send(client: string, fields: Readonly<Record<string, string | Blob>>): Promise<Answer<{ code?: string }>> {
    const form = new FormData();
    for (const [name, value] of Object.entries({ model: 'demo', ...fields })) form.set(name, value);
    const headers = { 'x-forwarded-for': client };
    const signal = AbortSignal.timeout(patient(60_000));
    return api.client.json('/v1/separations', { method: 'POST', body: form, headers, signal });
  }

  const link = (client: string): Promise<Answer<{ code?: string }>> => send(client, { url: `${base}/song.wav` });

  async function begin(client: string, links: number): Promise<Promise<Answer<{ code?: string }>>[]> {
    const before = held.length;
    const answers = Array.from({ length: links }, () => link(client));
    await waitUntil('all to be fetched', () => held.length === before + links);
    return answers;
  }

  it('are limited for each client and for all, leave room for uploads, and free their places', async () => {
    const first = await begin('10.0.0.1', SHARE);
    expect(await link('10.0.0.1')).toMatchObject({ status: 429, body: { code: 'too_many_at_once' } });
    const second = await begin('10.0.0.2', MAX_LINKS - SHARE);
    const late = await link('10.0.0.3');
    expect(late).toMatchObject({ status: 503, body: { code: 'busy' } });
    expect(late.headers.get('retry-after')).toBe('5');
    expect(held).toHaveLength(MAX_LINKS);

    const file = new Blob([new Uint8Array(wav({ seconds: 0.1, frequency: 332 }))]);
    expect((await send('10.0.0.3', { file })).status).toBe(202);

    for (const response of held) response.end(song.subarray(1000));
    const statuses = (await Promise.all([...first, ...second])).map(({ status }) => status);
    expect(statuses).toEqual(Array.from({ length: MAX_LINKS }, () => 202));
    const uploads = api.app.get(UploadReceiver, { strict: false });
    await waitUntil('their places to be free', () => uploads.inProgress === 0);
    const [again] = await begin('10.0.0.1', 1);
    held.at(-1)?.end(song.subarray(1000));
    expect((await again)?.status).toBe(202);
  });
});
