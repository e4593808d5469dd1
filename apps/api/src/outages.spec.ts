import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SeparationQueue } from '@app/queue';
import type { Health } from '@app/server';
import type { Problem } from '../../../test/support/service/api-client.js';
import { s3Environment } from '../../../test/support/servers/s3-environment.js';
import { startS3Server, type S3Server } from '../../../test/support/servers/s3-server.js';
import { startApi, type InProcessApi } from '../../../test/support/service/in-process-api.js';
import { passingTo, writeProgram } from '../../../test/support/service/program.js';
import { findFfmpeg } from '../../../test/support/songs/songs.js';
import { RedisServer } from '../../../test/support/servers/redis-server.js';
import { waitUntil } from '../../../test/support/wait-until.js';
import { wav } from '../../../test/support/songs/wav.js';
import { LyingS3, type Misreading } from '../../../test/support/servers/lying-s3.js';
import { createApp } from './create-app.js';
import { patient } from '../../../test/support/patience.js';

const DEMO = { model: 'demo' };

/** Every call that needs what is away, at once. */
async function expectAllUnavailable({ client }: InProcessApi, id: string, code: string): Promise<void> {
  const startedAt = performance.now();
  const answers = await Promise.all([
    client.upload(wav({ frequency: 999 }), DEMO),
    client.json<Problem>(`/v1/separations/${id}`),
    client.json<Problem>(`/v1/separations/${id}/cancel`, { method: 'POST' }),
    client.json<Problem>(`/v1/separations/${id}`, { method: 'DELETE' }),
    client.json<Problem>(`/v1/separations/${id}/events`),
    client.json<Problem>('/health/ready'),
  ]);
  expect(performance.now() - startedAt).toBeLessThan(patient(2000));
  for (const answer of answers) {
    expect(answer.status).toBe(503);
    expect([code, 'not_ready']).toContain(answer.body.code);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  }
}

describe(`${createApp.name}, without Redis`, () => {
  let redis: RedisServer;
  let api: InProcessApi;

  beforeEach(async () => {
    redis = await RedisServer.start();
    api = await startApi(redis.url, { RATE_LIMIT_PER_MINUTE: '1000' });
  });

  afterEach(async () => {
    await redis.close();
    await api.close();
  });

  it.each<[what: string, end: (server: RedisServer) => unknown, begin: (server: RedisServer) => unknown]>([
    ['killed', (server) => server.kill(), (server) => server.start()],
    [
      'frozen',
      (server) => {
        server.pause();
      },
      (server) => {
        server.resume();
      },
    ],
  ])('answers 503 within 2 s while Redis is %s, and works within 3 s of its return', async (_, end, begin) => {
    const bytes = wav();
    const { id } = (await api.client.upload(bytes, DEMO)).body;
    await end(redis);
    await expectAllUnavailable(api, id, 'queue_unavailable');
    expect((await api.client.json<Problem>('/v1/separations')).status).toBe(503);
    expect((await api.client.json<Problem>('/v1/models')).status).toBe(503);
    expect((await api.client.json('/health/live')).status).toBe(200);
    expect((await api.client.fetch('/metrics')).status).toBe(200);
    expect(await api.objects('staging/')).toEqual([]);
    await begin(redis);
    await waitUntil('the API to work again', async () => (await api.client.separation(id)).status === 200, {
      deadlineMs: 3000,
    });
    expect((await api.client.upload(bytes, DEMO)).body).toMatchObject({ id, status: 'queued' });
  });

  it('shows its songs, and takes none, while Redis cannot save its snapshots', async () => {
    const bytes = wav({ frequency: 999 });
    const { id } = (await api.client.upload(wav(), DEMO)).body;
    await redis.failToSave();
    for (const refused of [await api.client.upload(bytes, DEMO), await api.client.cancel(id)]) {
      expect(refused).toMatchObject({ status: 503, body: { code: 'queue_unavailable' } });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    const { status, body } = await api.client.json<Health>('/health/ready');
    expect([status, body.checks['redis']]).toEqual([
      503,
      { status: 'down', reason: 'the queue refuses to work: MISCONF' },
    ]);
    const list = await api.client.json('/v1/separations');
    expect(list).toMatchObject({ status: 200, body: { separations: [{ id, status: 'queued' }] } });
    expect(await api.objects('staging/')).toEqual([]);
    await redis.saveAgain();
    expect((await api.client.upload(bytes, DEMO)).status).toBe(202);
    expect((await api.client.cancel(id)).status).toBe(202);
  });
});

describe(`${createApp.name}, without its S3 server`, () => {
  let redis: RedisServer;
  let s3: S3Server;
  let api: InProcessApi;
  let frequency = 400;
  const accepted: string[] = [];

  beforeAll(async () => {
    redis = await RedisServer.start();
    s3 = await startS3Server(undefined, { given: false });
    api = await startApi(redis.url, s3Environment(s3.config));
  });

  afterAll(async () => {
    await api.close();
    await redis.close();
    await s3.stop();
  });

  it.each<[what: string, end: (server: S3Server) => unknown, begin: (server: S3Server) => unknown]>([
    ['killed', (server) => server.kill(), (server) => server.restart()],
    [
      'frozen',
      (server) => {
        server.freeze();
      },
      (server) => {
        server.thaw();
      },
    ],
  ])('answers 503 within 2 s while it is %s, and works within 3 s of its return', async (_, end, begin) => {
    const bytes = wav({ frequency: (frequency += 1) });
    const { id } = (await api.client.upload(bytes, DEMO)).body;
    accepted.push(id);
    const events = await api.client.fetch(`/v1/separations/${id}/events`);
    const told = events.text();
    await end(s3);
    await waitUntil('what is remembered to expire', async () => (await api.client.separation(id)).status === 503);
    // the stream is told of it and asks the store
    await api.app.get(SeparationQueue).remove(id);
    await expectAllUnavailable(api, id, 'storage_unavailable');
    expect((await api.client.json('/health/live')).status).toBe(200);
    expect((await api.client.json('/v1/models')).status).toBe(200);
    await begin(s3);
    await waitUntil('it works again', async () => (await api.client.upload(bytes, DEMO)).status === 202, {
      deadlineMs: 3000,
    });
    expect((await api.client.separation(id)).body).toMatchObject({ id, status: 'queued' });
    await api.client.cancel(id);
    // the stream that was open before has outlived the outage
    expect(await told).toContain('"status":"cancelled"');
    // what a frozen server had taken already it may still store: that is in staging, and is swept
    expect(new Set((await api.objects('separations/')).map((key) => key.split('/')[1]))).toEqual(new Set(accepted));
  });
});

describe(`${createApp.name}, with an S3 server that misreads`, () => {
  let redis: RedisServer;
  let s3: S3Server;
  let proxy: LyingS3;
  let api: InProcessApi;

  beforeAll(async () => {
    redis = await RedisServer.start();
    s3 = await startS3Server();
    proxy = await LyingS3.start(s3);
    api = await startApi(redis.url, s3Environment(proxy.config));
  });

  afterEach(() => {
    proxy.misread = () => undefined;
    proxy.lie = () => undefined;
  });

  afterAll(async () => {
    await api.close();
    await proxy.stop();
    await redis.close();
    await s3.stop();
  });

  it.each<[Misreading, number]>([
    ['is missing', 500],
    ['comes short', 501],
  ])('blames the store, not the song, for an upload that %s when it is checked', async (misreading, frequency) => {
    const bytes = wav({ frequency });
    let reads = 0;
    proxy.misread = (key) => (key.startsWith('staging/') && (reads += 1) === 1 ? misreading : undefined);
    expect((await api.client.upload(bytes, DEMO)).status).toBe(202);
    expect(reads).toBeGreaterThan(1);
  });

  it('accepts no song that the store has not kept whole', async () => {
    const bytes = wav({ frequency: 503 });
    proxy.lie = (key) => (key.startsWith('staging/') ? 'keeps half' : undefined);
    const refused = await api.client.upload(bytes, DEMO);
    expect(refused).toMatchObject({ status: 503, body: { code: 'storage_unavailable' } });
    let copies = 0;
    proxy.lie = (key) => (key.endsWith('/input.wav') && (copies += 1) === 1 ? 'keeps half' : undefined);
    const { status, body } = await api.client.upload(bytes, DEMO);
    expect([status, copies]).toEqual([202, 2]);
    expect((await api.client.bytes(`/v1/separations/${body.id}/input`)).body.equals(bytes)).toBe(true);
  });

  it('breaks off a download that the store cuts short', async () => {
    const bytes = wav({ frequency: 502 });
    const upload = await api.client.upload(bytes, DEMO);
    expect(upload.status).toBe(202);
    const { id } = upload.body;
    proxy.misread = (key) => (key.endsWith('.wav') ? 'comes short' : undefined);
    await expect(api.client.bytes(`/v1/separations/${id}/input`)).rejects.toThrow();
    proxy.misread = () => undefined;
    expect((await api.client.bytes(`/v1/separations/${id}/input`)).body.equals(bytes)).toBe(true);
  });
});

describe(`${createApp.name}, whose disk or ffmpeg goes away`, () => {
  let redis: RedisServer;
  let folder: string;
  let ffmpeg: string;
  let api: InProcessApi;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'disk-'));
    redis = await RedisServer.start();
    ffmpeg = join(folder, 'ffmpeg');
    await writeProgram(ffmpeg, passingTo(await findFfmpeg()));
    api = await startApi(redis.url, { DATA_DIR: join(folder, 'data'), FFMPEG_PATH: ffmpeg });
  });

  afterAll(async () => {
    await api.close();
    await redis.close();
    await rm(folder, { recursive: true });
  });

  it('accepts and denies nothing until it is back', async () => {
    const { id } = (await api.client.upload(wav({ frequency: 600 }), DEMO)).body;
    const disk = join(folder, 'data');
    await rename(disk, join(folder, 'away'));
    await mkdir(join(disk, 'objects'), { recursive: true });
    await waitUntil('what is remembered to expire', async () => (await api.client.separation(id)).status === 503);
    await expectAllUnavailable(api, id, 'storage_unavailable');
    expect(await readdir(join(disk, 'objects'))).toEqual([]);
    await rm(disk, { recursive: true });
    await rename(join(folder, 'away'), disk);
    expect((await api.client.separation(id)).body).toMatchObject({ id, status: 'queued' });
    expect((await api.client.upload(wav({ frequency: 601 }), DEMO)).status).toBe(202);
    expect((await api.client.json('/health/ready')).status).toBe(200);
  });

  it.each([
    ['is missing', undefined],
    ['misses a library', 'exit 127'],
    ['is killed', 'kill -9 $$'],
  ])('blames no song while ffmpeg %s, and says so', async (what, script) => {
    await (script === undefined ? rm(ffmpeg) : writeProgram(ffmpeg, script));
    const bytes = wav({ frequency: 610 + what.length });
    const refused = await api.client.upload(bytes, DEMO);
    expect(refused).toMatchObject({ status: 503, body: { code: 'ffmpeg_unavailable' } });
    expect(refused.headers.get('retry-after')).toBe('30');
    await waitUntil('readiness says it', async () => {
      const { status, body } = await api.client.json<Health>('/health/ready');
      return status === 200 && body.checks['ffmpeg']?.status === 'degraded';
    });
    await writeProgram(ffmpeg, passingTo(await findFfmpeg()));
    expect((await api.client.upload(bytes, DEMO)).status).toBe(202);
  });
});
