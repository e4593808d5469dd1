import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Ffmpeg } from '@app/audio';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ReconcileState } from '@app/separation-store';
import { QUEUE_NAME, RedisConnections } from '@app/redis';
import { SeparationQueue } from '@app/queue';
import { Worker, type Job } from 'bullmq';
import { isSeparationId, parseStoredRequest, type Separation } from '@app/separations';
import type { Answer, Problem } from '../../../../test/support/service/api-client.js';
import { startApi, type InProcessApi } from '../../../../test/support/service/in-process-api.js';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import { ffmpeg } from '../../../../test/support/songs/songs.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { wav } from '../../../../test/support/songs/wav.js';
import { ReconcilerService } from '../reconciler/reconciler.service.js';
import { SubmissionsService } from './submissions.service.js';

const DEMO = { model: 'demo' };

describe(SubmissionsService.name, () => {
  let redis: RedisServer;
  let api: InProcessApi;
  let queue: SeparationQueue;

  beforeAll(async () => {
    redis = await RedisServer.start();
    api = await startApi(redis.url, { MAX_QUEUED: '4', TRUSTED_PROXIES: '1', URL_IMPORT_HOSTS: '127.0.0.1' });
    queue = api.app.get(SeparationQueue);
  });

  afterAll(async () => {
    await api.close();
    await redis.close();
  });

  // the store first: what a wiped queue has lost of it, the reconciler queues again
  beforeEach(async () => {
    await api.store.removeAll('separations/');
    await redis.wipe();
  });

  afterEach(async () => {
    expect(await api.objects('staging/')).toEqual([]);
  });

  it('takes the link of a song in place of the song: it is the same separation', async () => {
    const server = createServer((_, response) => response.end(wav()));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const form = new FormData();
    form.set('url', `http://127.0.0.1:${(server.address() as AddressInfo).port}/My%20Song.wav?token=1`);
    form.set('model', 'demo');
    const { status, body } = await api.client.json<Separation>('/v1/separations', { method: 'POST', body: form });
    server.close();
    expect([status, body.fileName, body.status]).toEqual([202, 'My Song.wav', 'queued']);
    expect((await api.client.upload(wav(), DEMO)).body.id).toBe(body.id);
  });

  it('has stored the input and the request, and queued the job, before it answers 202', async () => {
    const fields = { ...DEMO, stems: 'other,vocals', formats: 'mp3,flac' };
    const { status, headers, body } = await api.client.upload(wav(), fields);
    expect(status).toBe(202);
    expect(isSeparationId(body.id)).toBe(true);
    expect(headers.get('location')).toBe(`/v1/separations/${body.id}`);
    expect(body).toMatchObject({
      status: 'queued',
      model: 'demo',
      stems: ['vocals', 'other'],
      formats: ['flac', 'mp3'],
      durationSeconds: 1,
      queue: { position: 1 },
    });
    const folder = `separations/${body.id}/`;
    expect(await api.objects(folder)).toEqual([`${folder}input.wav`, `${folder}request.json`]);
    const request = parseStoredRequest((await api.store.getText(`${folder}request.json`)) ?? '');
    expect(request).toMatchObject({ overlap: 0.25, shifts: 0, owner: null, requestId: headers.get('x-request-id') });
    expect(await queue.state(body.id)).toMatchObject({ status: 'queued' });
  });

  it.each([
    ['without quotes', 'name=file; filename=song.wav'],
    ["as UTF-8''", 'name="file"; filename*=UTF-8\'\'song.wav'],
    ['in capitals', 'name="file"; FileName="song.wav"'],
    ['in Latin-1', 'name="file"; filename="na\xefve.wav"'],
  ])('stores every byte of a song whose name is written %s', async (_, disposition) => {
    const tag = Buffer.from(`LIST....filename="\0\x01\n${'x'.repeat(3000)}"`, 'latin1');
    const song = Buffer.concat([wav({ frequency: 400 + disposition.length }), tag]);
    const body = Buffer.concat([
      Buffer.from('--b\r\nContent-Disposition: form-data; name=model\r\n\r\ndemo\r\n'),
      Buffer.from(`--b\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n`, 'latin1'),
      song,
      Buffer.from('\r\n--b--\r\n'),
    ]);
    const headers = { 'content-type': 'multipart/form-data; boundary=b' };
    const answer = await api.client.json<Separation>('/v1/separations', { method: 'POST', headers, body });
    expect(answer.status).toBe(202);
    expect(answer.body.fileName).toMatch(/^(song|naïve)\.wav$/);
    const stored = await api.client.bytes(`/v1/separations/${answer.body.id}/input`);
    expect(stored.body.equals(song)).toBe(true);
  });

  it('takes option fields before and after the file, and all stems by default', async () => {
    const bytes = new Blob([new Uint8Array(wav({ frequency: 300 }))]);
    const form = (...parts: readonly (readonly [string, string | Blob])[]): RequestInit => {
      const body = new FormData();
      for (const [name, value] of parts) body.append(name, value);
      return { method: 'POST', body };
    };
    const before = form(['model', 'demo'], ['shifts', '1'], ['file', bytes]);
    const after = form(['file', bytes], ['shifts', '1'], ['model', 'demo'], ['overlap', '']);
    const first = await api.client.json<object>('/v1/separations', before);
    expect(first.body).toMatchObject({ stems: ['vocals', 'drums', 'bass', 'other'], formats: ['flac'] });
    expect((await api.client.json('/v1/separations', after)).body).toEqual(first.body);
  });

  it('makes ten equal uploads at once one separation with one job', async () => {
    const bytes = wav({ frequency: 555 });
    const answers = await Promise.all(Array.from({ length: 10 }, () => api.client.upload(bytes, DEMO)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ body }) => `${body.id} ${body.createdAt}`)).size).toBe(1);
    expect(await queue.unfinishedCount()).toBe(1);
  });

  it('makes another separation for other stems, but not for another order', async () => {
    const bytes = wav({ frequency: 333 });
    const id = async (stems: string): Promise<string> => (await api.client.upload(bytes, { ...DEMO, stems })).body.id;
    expect(await id('vocals, drums')).toBe(await id('drums,vocals,drums'));
    expect(await id('instrumental')).not.toBe(await id('drums,vocals'));
  });

  it('takes the track that is asked for, and says which there are', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tracks-'));
    const film = join(folder, 'film.mka');
    const sounds = ['300', '400'].flatMap((hertz) => ['-f', 'lavfi', '-i', `sine=${hertz}:d=0.5`]);
    await ffmpeg(...sounds, '-map', '0', '-map', '1', '-c:a', 'flac', film);
    const bytes = await readFile(film);
    await rm(folder, { recursive: true });
    const asked = await api.client.upload(bytes, { ...DEMO, track: '3' });
    expect(asked).toMatchObject({ status: 422, body: { code: 'unknown_track', allowed: [1, 2] } });
    const first = await api.client.upload(bytes, DEMO);
    const second = await api.client.upload(bytes, { ...DEMO, track: '2' });
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.body.id).not.toBe(first.body.id);
    const stored = await api.store.getText(`separations/${second.body.id}/request.json`);
    expect(parseStoredRequest(stored ?? '')).toMatchObject({ track: 2 });
  });

  it('queues a song again whose job was lost', async () => {
    const bytes = wav({ frequency: 777 });
    const { body } = await api.client.upload(bytes, DEMO);
    await redis.wipe();
    expect((await api.client.upload(bytes, DEMO)).body).toMatchObject({ id: body.id, createdAt: body.createdAt });
    expect(await queue.state(body.id)).toMatchObject({ status: 'queued' });
  });

  it('accepts no song while a worker still has its cancelled run', async () => {
    const bytes = wav({ frequency: 779 });
    const connections = new RedisConnections({ url: redis.url });
    const { prefix } = connections.keys;
    // keeps the job until it is told: one of ours lets go of it after 5 s, which is too soon on a busy machine
    const holder = new Worker(QUEUE_NAME, null, { connection: connections.forWorker(), prefix, lockDuration: 120_000 });
    const { id } = (await api.client.upload(bytes, DEMO)).body;
    let job: Job | undefined;
    await waitUntil('the job to be taken', async () => (job = await holder.getNextJob('holder')).id === id);
    await api.client.cancel(id);
    expect(await api.client.upload(bytes, DEMO)).toMatchObject({ status: 503, body: { code: 'busy' } });
    await job?.moveToCompleted(null, 'holder', false);
    await holder.close(true);
    await connections.close();
    await waitUntil('it to be accepted', async () => (await api.client.upload(bytes, DEMO)).status === 202);
    expect(await queue.state(id)).toMatchObject({ status: 'queued' });
  });

  it('queues a song again that was cancelled, sent again, and lost its job', async () => {
    const reconciler = api.app.get(ReconcilerService);
    const bytes = wav({ frequency: 778 });
    const { id } = (await api.client.upload(bytes, DEMO)).body;
    await api.client.cancel(id);
    await waitUntil('it counts as ended', async () => {
      await reconciler.run();
      return (await api.app.get(ReconcileState).endedBefore(new Date(), 10)).includes(id);
    });
    await api.client.upload(bytes, DEMO);
    await queue.remove(id);
    await waitUntil('it is queued again', async () => {
      await reconciler.run();
      return (await queue.state(id)) !== undefined;
    });
  });

  it('takes a cut-off MP3, and 0.1 s of mono', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'songs-'));
    const mp3 = join(folder, 'whole.mp3');
    await ffmpeg('-f', 'lavfi', '-i', 'sine=duration=4', '-b:a', '128k', mp3);
    const bytes = await readFile(mp3);
    await rm(folder, { recursive: true });
    const cut = await api.client.upload(bytes.subarray(0, bytes.length / 2), DEMO, 'cut.mp3');
    expect(cut.status).toBe(202);
    expect(cut.body.durationSeconds).toBeGreaterThan(1.5);
    expect(cut.body.durationSeconds).toBeLessThan(2.5);
    const short = await api.client.upload(wav({ seconds: 0.1, channels: 1, sampleRate: 8000 }), DEMO);
    expect(short).toMatchObject({ status: 202, body: { durationSeconds: 0.1 } });
  });

  it.each([
    ['a path', 111, '../../../etc/passwd.wav', /^passwd\.wav$/],
    ['CR LF', 112, 'a\r\nX-Evil: 1.wav', /^a.*X-Evil_ 1\.wav$/],
    ['NUL', 113, 'nul\0l.wav', /^nul_?l\.wav$/],
    ['other scripts', 114, 'песня 歌 🎵.wav', /^песня 歌 🎵\.wav$/],
    ['64 kB', 115, `${'x'.repeat(65_536)}.wav`, /^x{190,200}$/],
  ])('shows a safe name for a file name with %s', async (_, frequency, name, shown) => {
    const { status, body } = await api.client.upload(wav({ frequency }), DEMO, name);
    expect(status).toBe(202);
    expect(body.fileName).toMatch(shown);
  });

  it('lets addresses take turns, and low priority yield', async () => {
    let frequency = 601;
    const upload = async (client: string, priority = ''): Promise<Separation> => {
      const body = new FormData();
      for (const [name, value] of Object.entries({ ...DEMO, priority })) body.set(name, value);
      body.set('file', new Blob([new Uint8Array(wav({ frequency: frequency++ }))]), 'song.wav');
      const headers = { 'x-forwarded-for': client };
      return (await api.client.json<Separation>('/v1/separations', { method: 'POST', body, headers })).body;
    };
    const low = await upload('10.0.0.1', 'low');
    const first = await upload('10.0.0.2');
    const second = await upload('10.0.0.2');
    const other = await upload('10.0.0.3');
    expect([low.priority, first.priority]).toEqual(['low', 'normal']);
    const states = await queue.states([first, other, second, low].map(({ id }) => id));
    expect([...states.values()]).toMatchObject([{ position: 1 }, { position: 2 }, { position: 3 }, { position: 4 }]);
    const stored = await api.store.getText(`separations/${low.id}/request.json`);
    expect(parseStoredRequest(stored ?? '')).toMatchObject({
      priority: 'low',
      client: expect.stringMatching(/^address:[0-9a-f]{16}$/),
    });
  });

  it('keeps that a song is wanted with normal priority, and not that it is wanted with low priority again', async () => {
    const shown: (string | undefined)[] = [];
    for (const priority of ['low', 'normal', 'low']) {
      shown.push((await api.client.upload(wav({ frequency: 609 }), { ...DEMO, priority })).body.priority);
    }
    expect(shown).toEqual(['low', 'normal', 'normal']);
  });

  it('answers 429 to a client that fills half of the queue, and 503 to the others when it is full', async () => {
    let frequency = 101;
    const upload = (client: string): Promise<Answer<Separation & Problem>> => {
      const body = new FormData();
      body.set('model', 'demo');
      body.set('file', new Blob([new Uint8Array(wav({ frequency: frequency++ }))]), 'song.wav');
      return api.client.json('/v1/separations', { method: 'POST', body, headers: { 'x-forwarded-for': client } });
    };
    const first = await upload('10.0.0.1');
    expect((await upload('10.0.0.1')).status).toBe(202);
    const more = await upload('10.0.0.1');
    expect(more).toMatchObject({ status: 429, body: { code: 'too_many_queued', limit: 2 } });
    expect(Number(more.headers.get('retry-after'))).toBeGreaterThan(0);
    for (const client of ['10.0.0.2', '10.0.0.2']) expect((await upload(client)).status).toBe(202);
    expect(await upload('10.0.0.3')).toMatchObject({ status: 503, body: { code: 'queue_full' } });
    await queue.remove(first.body.id);
    expect((await upload('10.0.0.1')).status).toBe(202);
  });

  it('shows a song under the name that it was last sent under', async () => {
    const bytes = wav({ frequency: 888 });
    const first = await api.client.upload(bytes, DEMO, 'first.wav');
    expect(first.body.fileName).toBe('first.wav');
    const second = await api.client.upload(bytes, DEMO, 'second.wav');
    expect(second.body).toEqual({ ...first.body, title: 'second', fileName: 'second.wav' });
    expect((await api.client.separation(first.body.id)).body.fileName).toBe('second.wav');
  });

  it('waits for a Redis that is away for a moment once the song was sent', async () => {
    const inspect = jest.spyOn(api.app.get(Ffmpeg, { strict: false }), 'inspect');
    const answer = api.client.upload(wav({ frequency: 889 }), DEMO);
    await waitUntil('the song to be checked', () => inspect.mock.calls.length === 1);
    redis.pause();
    await inspect.mock.results[0]?.value;
    // longer than a call may take: the time itself is what is tested
    await pause(2500);
    redis.resume();
    expect(await answer).toMatchObject({ status: 202, body: { status: 'queued' } });
    expect(inspect).toHaveBeenCalledTimes(1);
    inspect.mockRestore();
  });

  it('refuses a file that it refused before without another check', async () => {
    const inspect = jest.spyOn(api.app.get(Ffmpeg, { strict: false }), 'inspect');
    const text = Buffer.from('no song, however often you send it');
    for (const name of ['a.mp3', 'b.wav']) {
      expect(await api.client.upload(text, DEMO, name)).toMatchObject({ status: 415, body: { code: 'no_audio' } });
    }
    expect(inspect).toHaveBeenCalledTimes(1);
    inspect.mockRestore();
  });
});
