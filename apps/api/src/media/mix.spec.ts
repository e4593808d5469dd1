import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ffmpeg } from '@app/audio';
import { objectKeys } from '@app/separations';
import { startApi, type InProcessApi } from '../../../../test/support/service/in-process-api.js';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import { decodeSamples } from '../../../../test/support/songs/songs.js';
import { RATE, storeSeparation } from './completed-separation.fixture.js';
import { MixService } from './mix.service.js';

const STEMS = ['vocals', 'drums', 'bass'];
const SAMPLES = 2 * RATE + 7;

describe(MixService.name, () => {
  let redis: RedisServer;
  let api: InProcessApi;
  let base: string;

  beforeAll(async () => {
    redis = await RedisServer.start();
    api = await startApi(redis.url, { MAX_ENCODINGS: '1' });
    const { id } = await storeSeparation(api.app.get(Ffmpeg), api.store, { seconds: SAMPLES / RATE, stems: STEMS });
    base = `/v1/separations/${id}`;
  });

  afterAll(async () => {
    await api.close();
    await redis.close();
  });

  const decoded = async (bytes: Buffer, format: string): Promise<Float32Array> => {
    const file = join(tmpdir(), `${base.slice(-32)}.${format}`);
    await writeFile(file, bytes);
    return decodeSamples(file).finally(() => rm(file));
  };
  /** the fixture's tones, weighted; vocals first */
  const sum = (sample: number, weights: readonly number[]): number =>
    weights.reduce((all, weight, stem) => all + weight * 0.4 * Math.sin((sample * (stem + 1)) / 20), 0);

  it.each(['flac', 'wav'])('is the weighted sum of the stems as %s, within 16-bit rounding', async (format) => {
    const { status, headers, body } = await api.client.bytes(`${base}/mix.${format}?levels=drums:0.75,bass:0.1:1.5`);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe(`audio/${format}`);
    expect(headers.get('content-length')).toBe(String(body.length));
    expect(headers.get('content-disposition')).toBe(`attachment; filename="My Song (mix).${format}"`);
    const samples = await decoded(body, format);
    expect(samples).toHaveLength(2 * SAMPLES);
    const sides = [
      [0, 0.75, 0.1],
      [0, 0.75, 1.5],
    ];
    const worst = samples.reduce((most, sample, at) => {
      return Math.max(most, Math.abs(sample - sum(Math.floor(at / 2), sides[at % 2] ?? [])));
    }, 0);
    expect(worst).toBeLessThan(0.5 / 32_768);
    const loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    expect(Number(headers.get('x-peak-db'))).toBeCloseTo(20 * Math.log10(loudest), 1);
  });

  it('renders an MP3 that is aligned with the song', async () => {
    const { body } = await api.client.bytes(`${base}/mix.mp3?levels=vocals:0.5`);
    const samples = await decoded(body, 'mp3');
    expect(samples).toHaveLength(2 * SAMPLES);
    for (let at = RATE; at < RATE + 1000; at += 1) {
      expect(Math.abs((samples[2 * at] ?? 9) - sum(at, [0.5]))).toBeLessThan(0.01);
    }
  });

  it('reports the peak of a clipped mix, and none for silence', async () => {
    const loud = await api.client.bytes(`${base}/mix.wav?levels=vocals:2,drums:2,bass:2`);
    expect(Number(loud.headers.get('x-peak-db'))).toBeGreaterThan(3);
    const silent = await api.client.bytes(`${base}/mix.wav?levels=vocals:0`);
    expect(silent.headers.get('x-peak-db')).toBeNull();
    expect(silent.status).toBe(200);
  });

  it('answers HEAD without rendering, and stores nothing', async () => {
    const { status, headers } = await api.client.bytes(`${base}/mix.mp3?levels=vocals:1`, { method: 'HEAD' });
    expect(status).toBe(200);
    // known only after rendering
    expect([headers.get('content-length'), headers.get('x-peak-db')]).toEqual([null, null]);
    const keys = await api.objects(`${base.slice('/v1/'.length)}/`);
    expect(keys.length).toBeGreaterThan(0);
    expect(keys).not.toContainEqual(expect.stringContaining('mix'));
  });

  it('answers busy when a client wants more mixes than its share', async () => {
    const url = `${base}/mix.flac?levels=vocals:1`;
    const answers = await Promise.all([1, 2, 3].map(() => api.client.bytes(url)));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, 200, 429]);
  });

  it.each([
    ['mix.mp3', 400, 'invalid_request'],
    ['mix.mp3?levels=', 400, 'invalid_request'],
    ['mix.mp3?levels=vocals', 400, 'invalid_request'],
    ['mix.mp3?levels=vocals:2.1', 400, 'invalid_request'],
    ['mix.mp3?levels=vocals:-1', 400, 'invalid_request'],
    ['mix.mp3?levels=vocals:1e0', 400, 'invalid_request'],
    ['mix.mp3?levels=vocals:1;[0]', 400, 'invalid_request'],
    ['mix.mp3?levels=vocals:1&levels=drums:1', 400, 'invalid_request'],
    ['mix.mp3?levels=vocals:1,vocals:1', 400, 'invalid_request'],
    ['mix.mp3?levels=theremin:1', 404, 'stem_not_found'],
    ['mix.ogg?levels=vocals:1', 422, 'unknown_format'],
  ])('answers %s with %i %s', async (path, status, code) => {
    expect(await api.client.json(`${base}/${path}`)).toMatchObject({ status, body: { code } });
  });

  it('answers 404 when its files are gone', async () => {
    const { id } = await storeSeparation(api.app.get(Ffmpeg), api.store, { seconds: 1, stems: STEMS });
    await api.store.removeAll(objectKeys.stems(id));
    const answer = await api.client.json(`/v1/separations/${id}/mix.wav?levels=vocals:1,drums:1`);
    expect(answer).toMatchObject({ status: 404, body: { code: 'separation_not_found' } });
  });
});
