import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ffmpeg } from '@app/audio';
import { LIGHT_BLOCK_SAMPLES, LIGHT_MARGIN_SAMPLES, type StoredRequest } from '@app/separations';
import type { Problem } from '../../../../../test/support/service/api-client.js';
import { startApi, type InProcessApi } from '../../../../../test/support/service/in-process-api.js';
import { RedisServer } from '../../../../../test/support/servers/redis-server.js';
import { decodeSamples } from '../../../../../test/support/songs/songs.js';
import { RATE, storeSeparation } from '../completed-separation.fixture.js';
import { LightController } from './light.controller.js';

/** two blocks and a little of a third */
const SAMPLES = 2 * LIGHT_BLOCK_SAMPLES + 2000;
/** of every MP3 decoder and encoder together */
const DELAY = 1105;

describe(LightController.name, () => {
  let redis: RedisServer;
  let api: InProcessApi;
  let song: StoredRequest;
  let folder: string;
  let base: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'light-'));
    redis = await RedisServer.start();
    api = await startApi(redis.url);
    song = await storeSeparation(api.app.get(Ffmpeg), api.store, {
      seconds: SAMPLES / RATE,
      stems: ['vocals', 'drums'],
    });
    base = `/v1/separations/${song.id}`;
  });

  afterAll(async () => {
    await api.close();
    await redis.close();
    await rm(folder, { recursive: true });
  });

  const decode = async (path: string): Promise<Float32Array> => {
    const { status, body } = await api.client.bytes(path);
    expect([path, status]).toEqual([path, 200]);
    const file = join(folder, 'block');
    await writeFile(file, body);
    return decodeSamples(file);
  };

  it.each(['stems/drums', 'original'])('serves blocks of %s in step with the master', async (of) => {
    const master = await decode(`${base}/${of}.flac`);
    for (const n of [0, 1, 2]) {
      const block = await decode(`${base}/${of}/light/${n}.mp3`);
      const start = n * LIGHT_BLOCK_SAMPLES;
      const lead = Math.min(start, LIGHT_MARGIN_SAMPLES);
      const length = Math.min(LIGHT_BLOCK_SAMPLES, SAMPLES - start);
      const errorAt = (delay: number): number => {
        let error = 0;
        for (let at = 0; at < length; at += 1) {
          error += ((block[2 * (lead + delay + at)] ?? 0) - (master[2 * (start + at)] ?? 0)) ** 2;
        }
        return error / length;
      };
      // a tone of 0.4: -21 dB, and 1 sample away it is worse
      expect(errorAt(DELAY)).toBeLessThan(0.08 / 100);
      expect(errorAt(DELAY)).toBeLessThan(Math.min(errorAt(DELAY - 1), errorAt(DELAY + 1)));
    }
  });

  it('takes a tenth of the line that a master takes, with a constant rate', async () => {
    const { body } = await api.client.bytes(`${base}/stems/vocals/light/1.mp3`);
    const seconds = (LIGHT_BLOCK_SAMPLES + 6000) / RATE;
    expect(body.length / seconds).toBeLessThan(128_000 / 8 + 700);
    expect(body.length / seconds).toBeGreaterThan(128_000 / 8);
  });

  it('is cached for ever under a link with a version, and tells an equal block by its ETag', async () => {
    const { body: separation } = await api.client.json<{ links: { stems: { vocals: { flac: string } } } }>(base);
    const version = new URL(separation.links.stems.vocals.flac, 'http://any').search;
    const path = `${base}/stems/vocals/light/0.mp3${version}`;
    const { headers, body } = await api.client.bytes(path);
    expect(headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
    const again = await api.client.fetch(path, { headers: { 'if-none-match': headers.get('etag') ?? '' } });
    expect(again.status).toBe(304);
    const part = await api.client.bytes(path, { headers: { range: 'bytes=10-19' } });
    expect([part.status, part.body.equals(body.subarray(10, 20))]).toEqual([206, true]);
  });

  it.each([
    ['stems/vocals/light/3.mp3', 404, 'not_found'],
    ['original/light/3.mp3', 404, 'not_found'],
    ['stems/piano/light/0.mp3', 404, 'stem_not_found'],
    ['stems/vocals/light/01.mp3', 400, 'invalid_request'],
  ])('refuses %s', async (path, status, code) => {
    const answer = await api.client.json<Problem>(`${base}/${path}`);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  it('leaves nothing in the store', async () => {
    await api.client.bytes(`${base}/stems/vocals/light/0.mp3`);
    const files = await api.objects(`separations/${song.id}/`);
    expect(files.filter((key) => key.endsWith('.mp3'))).toEqual([`separations/${song.id}/input.mp3`]);
  });
});
