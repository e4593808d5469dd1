import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { Ffmpeg } from '@app/audio';
import { objectKeys, type DeliveryList, type SeparationId, type WebhookList } from '@app/separations';
import { DEMO_SONG } from '../../../../test/support/service/test-service.js';
import { startApi, type InProcessApi } from '../../../../test/support/service/in-process-api.js';
import { startHookReceiver, type HookReceiver } from '../../../../test/support/servers/hook-receiver.js';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import { StandInWorker } from '../../../../test/support/separations/stand-in-worker.js';
import { Documents } from '../../../../test/support/separations/stored-separations.js';
import { wav } from '../../../../test/support/songs/wav.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import type { OpenApi } from '../docs/open-api.fixture.js';
import { storeSeparation } from '../media/completed-separation.fixture.js';
import { UNNAMED } from '../uploads/display-name.js';
import { Apiv1Controller } from './apiv1.controller.js';

interface Told {
  readonly status: number;
  readonly type: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
  readonly body: { hash: string; reason: string; queue: string[]; code: string; detail: string };
}

const LAB7 = { COMPAT_API: 'lab7', MODEL: 'demo', WEBHOOK_ALLOW: '127.0.0.1', MAX_UPLOAD_BYTES: '2000000' };
const ENQUEUED = 'Song enqueued for separation';
const idOf = (hash: string): SeparationId => `sep_${hash}` as SeparationId;
let frequency = 300;
const someSong = (): string => wav({ frequency: frequency++, seconds: 0.2 }).toString('base64');
const withData = (data: string): string =>
  `{"mp3": "${someSong()}", "callback": {"url": "http://x/", "data": ${data}}}`;

describe(Apiv1Controller.name, () => {
  let redis: RedisServer;
  let api: InProcessApi;
  let receiver: HookReceiver;
  let worker: StandInWorker | undefined;

  beforeAll(async () => {
    redis = await RedisServer.start();
    api = await startApi(redis.url, LAB7);
    receiver = await startHookReceiver();
  });

  afterAll(async () => {
    await worker?.close();
    await receiver.close();
    await api.close();
    await redis.close();
  });

  /** Sends as Python's requests does, which lets a GET have a body. */
  async function call(
    method: string,
    path: string,
    body?: string,
    headers: Record<string, string> = { 'content-type': 'application/json' },
  ): Promise<Told> {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    return new Promise((resolve, reject) => {
      const sent = httpRequest({ port: api.port, method, path, headers: { ...headers, ...length } }, (response) => {
        void buffer(response).then((bytes) => {
          const type = response.headers['content-type'] ?? '';
          const isJson = type.includes('json') && bytes.length > 0;
          const told = isJson ? (JSON.parse(bytes.toString()) as Told['body']) : ({} as Told['body']);
          resolve({ status: response.statusCode ?? 0, type, headers: response.headers, bytes, body: told });
        }, reject);
      });
      sent.on('error', reject).end(body);
    });
  }

  const separate = (body: unknown): Promise<Told> => call('POST', '/apiv1/separate', JSON.stringify(body));
  const hook = (path: string): string => `http://127.0.0.1:${receiver.port}${path}`;
  const calls = (path: string): HookReceiver['received'] => receiver.received.filter((one) => one.path === path);

  it('answers the requests of the course, from the song to its callback', async () => {
    const first = { mp3: 'songs/first.mp3', data: 'to be sent back' };
    const song = (await readFile(DEMO_SONG)).toString('base64');
    const answer = await separate({ mp3: song, callback: { url: hook('/first'), data: first } });
    expect(answer).toMatchObject({ status: 200, type: expect.stringContaining('application/json') });
    expect(answer.body).toEqual({ hash: expect.stringMatching(/^[0-9a-f]{32}$/), reason: ENQUEUED });
    const second = await separate({
      mp3: someSong(),
      model: null,
      callback: { url: 'http://localhost:5000', data: {} },
    });
    expect(second.status).toBe(200);
    // the sample program sends the JSON text of None with its GET
    for (const path of ['/apiv1/queue', '/apiv1/queue/']) {
      const { status, body } = await call('GET', path, 'null');
      expect({ status, body }).toEqual({ status: 200, body: { queue: [answer.body.hash, second.body.hash] } });
    }
    const shown = await api.client.separation(idOf(answer.body.hash));
    expect(shown.body).toMatchObject({ status: 'queued', model: 'demo', fileName: UNNAMED });

    worker = await StandInWorker.start(redis.url, api.store);
    await worker.complete(idOf(answer.body.hash));
    await waitUntil('the callback', () => calls('/first').length === 1);
    const [told] = calls('/first');
    expect(JSON.parse(told?.body ?? '')).toEqual(first);
    expect(told?.headers['content-type']).toBe('application/json');
    expect(told?.headers['webhook-id']).toMatch(new RegExp(`^sep_${answer.body.hash}_completed_\\d+_[0-9a-f]{16}$`));
    expect(told?.headers['webhook-signature']).toBeUndefined();
    expect((await call('GET', '/apiv1/queue/')).body).toEqual({ queue: [] });
    await worker.complete(idOf(second.body.hash));
    const log = await waitUntil('the log of the address that is not allowed', () =>
      deliveriesTo('http://localhost:5000/'),
    );
    expect(log).toMatchObject([{ event: 'separation.completed', status: 'due', attempts: [{}] }]);
    expect(await api.objects(objectKeys.callbacks(idOf(answer.body.hash)))).toEqual([]);
  });

  /** undefined until one was tried */
  async function deliveriesTo(url: string): Promise<DeliveryList['deliveries'] | undefined> {
    const { webhooks } = (await api.client.json<WebhookList>('/v1/webhooks')).body;
    const { id } = webhooks.find((one) => one.url === url) ?? {};
    if (id === undefined) return undefined;
    const { deliveries } = (await api.client.json<DeliveryList>(`/v1/webhooks/${id}/deliveries`)).body;
    return deliveries.some(({ attempts }) => attempts.length > 0) ? deliveries : undefined;
  }

  it('calls back again for a song that is there, once for each callback, and for none that failed', async () => {
    const mp3 = someSong();
    const { hash } = (await separate({ mp3, callback: { url: hook('/a'), data: 1 } })).body;
    await separate({ mp3, callback: { url: hook('/a'), data: 2 } });
    await separate({ mp3, callback: { url: hook('/a'), data: 2 } });
    expect(await api.objects(objectKeys.callbacks(idOf(hash)))).toHaveLength(2);
    await worker?.complete(idOf(hash));
    await waitUntil('both', () => calls('/a').length === 2);
    expect(
      calls('/a')
        .map(({ body }) => body)
        .sort(),
    ).toEqual(['1', '2']);
    await separate({ mp3, callback: { url: hook('/a'), data: 2 } });
    await waitUntil('it again', () => calls('/a').length === 3);
    expect(calls('/a')[2]?.body).toBe('2');
    expect(new Set(calls('/a').map(({ headers }) => headers['webhook-id'])).size).toBe(2);

    const cancelled = (await separate({ mp3: someSong(), callback: { url: hook('/b') } })).body.hash;
    const later = (await separate({ mp3: someSong(), callback: { url: hook('/c') } })).body.hash;
    await api.client.cancel(idOf(cancelled));
    await worker?.complete(idOf(later));
    await waitUntil('the later one', () => calls('/c').length === 1);
    expect(calls('/c')[0]?.body).toBe('{}');
    expect(calls('/b')).toEqual([]);
  });

  it('keeps ten callbacks of a song', async () => {
    const mp3 = someSong();
    for (let data = 0; data < 10; data += 1)
      expect((await separate({ mp3, callback: { url: hook('/d'), data } })).status).toBe(200);
    const refused = await separate({ mp3, callback: { url: hook('/d'), data: 10 } });
    expect(refused).toMatchObject({ status: 409, body: { code: 'too_many_webhooks' } });
    expect((await separate({ mp3, callback: { url: hook('/d'), data: 9 } })).status).toBe(200);
    await worker?.complete(idOf((await separate({ mp3 })).body.hash));
    await waitUntil('all of them', () => calls('/d').length === 10);
  });

  it('serves tracks as MP3 and removes them one by one, and the song with the last', async () => {
    const { id } = await storeSeparation(api.app.get(Ffmpeg), api.store, { seconds: 1, stems: ['vocals', 'bass'] });
    const hash = id.slice('sep_'.length);
    const track = await call('GET', `/apiv1/track/${hash}/vocals`);
    expect(track).toMatchObject({ status: 200, type: 'audio/mpeg' });
    expect(track.headers['content-disposition']).toMatch(/^attachment; filename=.*\.mp3/);
    expect((await call('GET', `/apiv1/track/${hash}/vocals.mp3`)).bytes).toEqual(track.bytes);
    expect((await api.client.bytes(`/v1/separations/${id}/stems/vocals.mp3`)).body).toEqual(track.bytes);
    const bass = (await call('GET', `/apiv1/track/${hash}/bass.mp3`)).bytes;
    expect(bass).not.toEqual(track.bytes);
    expect((await call('GET', `/apiv1/track/${hash}/base.mp3`)).bytes).toEqual(bass);

    expect((await call('HEAD', `/apiv1/remove/${hash}/vocals`)).status).toBe(405);
    const removed = await call('GET', `/apiv1/remove/${hash}/vocals.mp3`, 'null');
    expect(removed).toMatchObject({ status: 200, body: { hash, reason: 'Track removed' } });
    expect((await call('GET', `/apiv1/remove/${hash}/vocals`)).body.reason).toBe('Track removed');
    expect(await call('GET', `/apiv1/track/${hash}/vocals`)).toMatchObject({
      status: 404,
      body: { code: 'stem_not_found' },
    });
    expect((await call('GET', `/apiv1/track/${hash}/bass`)).status).toBe(200);
    expect((await api.client.bytes(`/v1/separations/${id}/stems/vocals.flac`)).status).toBe(200);
    expect((await call('DELETE', `/apiv1/remove/${hash}/bass`)).status).toBe(200);
    expect((await call('GET', `/apiv1/track/${hash}/bass`)).body.code).toBe('separation_not_found');
    expect(await api.objects(objectKeys.separation(id))).toEqual([]);
  });

  it('removes the song when the removal of its last track is repeated', async () => {
    const { id } = await storeSeparation(api.app.get(Ffmpeg), api.store, { seconds: 1, stems: ['vocals', 'bass'] });
    // as a removal leaves it that failed after it noted the last track
    for (const stem of ['vocals', 'bass']) await api.store.putText(objectKeys.removedTrack(id, stem), '');
    const { status, body } = await call('GET', `/apiv1/remove/${id.slice(4)}/bass`);
    expect([status, body.reason]).toEqual([200, 'Last track removed, and the song with it']);
    expect(await api.objects(objectKeys.separation(id))).toEqual([]);
  });

  it('brings removed tracks back with the song, and renames none', async () => {
    const bytes = wav({ frequency: frequency++, seconds: 0.2 });
    const { body } = await api.client.upload(bytes, {}, 'Named.wav');
    await worker?.complete(body.id);
    await api.store.putText(objectKeys.removedTrack(body.id, 'vocals'), '');
    const { hash } = (await separate({ mp3: bytes.toString('base64') })).body;
    expect(idOf(hash)).toBe(body.id);
    expect(await api.objects(objectKeys.removedTracks(body.id))).toEqual([]);
    expect((await api.client.separation(body.id)).body).toMatchObject({ status: 'completed', fileName: 'Named.wav' });
  });

  it('takes a song without a content type, and with the line ends of a shell', async () => {
    const song = someSong();
    const lines = song.replaceAll(/.{76}/g, '$&\n');
    const [plain, wrapped] = [
      await call('POST', '/apiv1/separate', JSON.stringify({ mp3: song, song_name: 'ignored' }), {}),
      await call('POST', '/apiv1/separate/', `{"mp3": "${lines}"}`, {
        'content-type': 'application/json; charset=utf-8',
      }),
    ];
    expect([plain.status, wrapped.status]).toEqual([200, 200]);
    expect(wrapped.body.hash).toBe(plain.body.hash);
    await api.client.cancel(idOf(plain.body.hash));
  });

  it.each<[what: string, status: number, code: string, body: string]>([
    ['no song', 400, 'missing_file', '{"model": "demo"}'],
    ['null', 400, 'missing_file', '{"mp3": null}'],
    ['an empty song', 400, 'empty_file', '{"mp3": ""}'],
    ['a number', 400, 'invalid_request', '{"mp3": 7}'],
    ['no object', 400, 'invalid_request', '[]'],
    ['nothing', 400, 'malformed_upload', ''],
    ['half a JSON text', 400, 'malformed_upload', '{"mp3": "AAAA"'],
    ['what is no base64', 400, 'malformed_upload', '{"mp3": "no base64!"}'],
    ['base64 that breaks off', 400, 'malformed_upload', '{"mp3": "AAAAA"}'],
    ['no audio', 415, 'no_audio', `{"mp3": "${Buffer.from('just words '.repeat(50)).toString('base64')}"}`],
    ['an unknown model', 422, 'unknown_model', `{"mp3": "${someSong()}", "model": "mdx"}`],
    ['a model that is no text', 400, 'invalid_request', `{"mp3": "${someSong()}", "model": {}}`],
    ['a callback that is no object', 400, 'invalid_request', `{"mp3": "${someSong()}", "callback": "http://x/"}`],
    ['a callback by ftp', 422, 'invalid_url', `{"mp3": "${someSong()}", "callback": {"url": "ftp://x/"}}`],
    ['8000 lists in each other', 400, 'invalid_request', withData('['.repeat(8000) + ']'.repeat(8000))],
    ['numbers that grow', 400, 'invalid_request', withData(`[1e20${',1e20'.repeat(3000)}]`)],
    ['20 kB beside the song', 400, 'malformed_upload', `{"mp3": "${someSong()}", "a": "${'x'.repeat(20_000)}"}`],
    ['a song over the limit', 413, 'file_too_large', `{"mp3": "${Buffer.alloc(2_000_001).toString('base64')}"}`],
    ['a song far over the limit', 413, 'file_too_large', `{"mp3": "${'A'.repeat(4_000_000)}"}`],
  ])('refuses %s with %d and keeps nothing', async (_, status, code, body) => {
    const before = await api.objects();
    const answer = await call('POST', '/apiv1/separate', body);
    expect(answer).toMatchObject({
      status,
      body: { code },
      type: expect.stringMatching(/^application\/problem\+json/),
    });
    expect(await api.objects()).toEqual(before);
  });

  it('refuses another media type, and a compressed one', async () => {
    for (const headers of [{ 'content-type': 'text/plain' }, { 'content-encoding': 'gzip' }]) {
      expect((await call('POST', '/apiv1/separate', '{}', headers)).body.code).toBe('unsupported_media_type');
    }
  });

  it.each([
    [404, 'separation_not_found', `${'0'.repeat(32)}/vocals`],
    [404, 'separation_not_found', 'sep_0/vocals'],
    [404, 'separation_not_found', `${'0'.repeat(31)}%2f/vocals`],
  ])('answers %d %s to %s', async (status, code, path) => {
    for (const verb of ['track', 'remove']) {
      expect(await call('GET', `/apiv1/${verb}/${path}`)).toMatchObject({ status, body: { code } });
    }
  });

  it('knows no other tracks, and none before the song is separated', async () => {
    const { id } = await storeSeparation(api.app.get(Ffmpeg), api.store, { seconds: 1, stems: ['vocals'] });
    for (const track of ['tuba', 'vocals.wav', 'mp3']) {
      const { status, body } = await call('GET', `/apiv1/track/${id.slice(4)}/${track}`);
      expect([status, body.code]).toEqual([404, 'stem_not_found']);
    }
    const waiting = (await separate({ mp3: someSong() })).body.hash;
    for (const verb of ['track', 'remove']) {
      expect(await call('GET', `/apiv1/${verb}/${waiting}/vocals`)).toMatchObject({
        status: 409,
        body: { code: 'not_completed' },
      });
    }
    await api.client.cancel(idOf(waiting));
  });

  it('removes nothing for a page of another site', async () => {
    const { id } = await storeSeparation(api.app.get(Ffmpeg), api.store, { seconds: 1, stems: ['vocals'] });
    for (const path of ['/apiv1/remove', '/APIV1/Remove']) {
      const answer = await call('GET', `${path}/${id.slice(4)}/vocals`, undefined, { 'sec-fetch-site': 'cross-site' });
      expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    }
    expect(await new Documents(api.store).manifest(id)).toBeDefined();
  });

  it('is described as compatibility', async () => {
    const { paths } = (await api.client.json<OpenApi>('/docs-json')).body;
    const own = Object.entries(paths).filter(([path]) => path.startsWith('/apiv1/'));
    expect(own.map(([path]) => path).sort()).toEqual([
      '/apiv1/queue',
      '/apiv1/remove/{hash}/{track}',
      '/apiv1/separate',
      '/apiv1/track/{hash}/{track}',
    ]);
    for (const [, methods] of own)
      for (const { tags } of Object.values(methods)) expect(tags).toEqual(['compatibility']);
  });
});
