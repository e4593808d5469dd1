import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { bufferSource, Ffmpeg } from '@app/audio';
import { objectKeys, type StoredRequest, type Waveform } from '@app/separations';
import { startApi, type InProcessApi } from '../../../../test/support/service/in-process-api.js';
import { Documents } from '../../../../test/support/separations/stored-separations.js';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import { startS3Server, type S3Server } from '../../../../test/support/servers/s3-server.js';
import { RATE, storeSeparation, type Given } from './completed-separation.fixture.js';
import { MediaController } from './media.controller.js';

const STEMS = ['vocals', 'drums'];
const SAMPLES = 2 * RATE + 7;

describe.each(['folder', 's3'])(`${MediaController.name} on a %s`, (driver) => {
  const closings: (() => Promise<unknown>)[] = [];
  let api: InProcessApi;
  let ffmpeg: Ffmpeg;
  let separation: StoredRequest;
  let base: string;

  beforeAll(async () => {
    const redis = await RedisServer.start();
    closings.unshift(() => redis.close());
    const environment = driver === 's3' ? await startS3() : {};
    // the license of the model that made its songs is no longer allowed
    const policy = { MODEL: 'htdemucs', MODEL_LICENCES: 'none-stated' };
    const origins = { CORS_ORIGINS: 'https://friend.example' };
    api = await startApi(redis.url, { STORAGE: driver, ...origins, ...policy, ...environment });
    closings.unshift(() => api.close());
    ffmpeg = api.app.get(Ffmpeg);
    separation = await given({ seconds: SAMPLES / RATE, stems: STEMS });
    base = `/v1/separations/${separation.id}`;
  });

  afterAll(async () => {
    for (const close of closings) await close();
  });

  async function startS3(): Promise<Record<string, string>> {
    const s3 = await startS3Server();
    closings.unshift(() => s3.stop());
    return s3Environment(s3);
  }

  const given = (what: Given): Promise<StoredRequest> => storeSeparation(ffmpeg, api.store, what);
  const samplesOf = async (bytes: Buffer): Promise<number> => {
    return (await ffmpeg.inspect(bufferSource(bytes), { maxDurationSeconds: 60 })).samples;
  };

  it('serves a master with its length, a strong tag and a safe name', async () => {
    const { status, headers, body } = await api.client.bytes(`${base}/stems/vocals.flac`);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('audio/flac');
    expect(headers.get('content-length')).toBe(String(body.length));
    expect(headers.get('etag')).toBe(`"${createHash('sha256').update(body).digest('hex')}"`);
    expect(headers.get('content-disposition')).toBe('attachment; filename="My Song (vocals).flac"');
    expect(headers.get('accept-ranges')).toBe('bytes');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('private, no-cache');
    expect(headers.get('vary')).toBe('Origin, Authorization, X-Api-Key');
    expect(await samplesOf(body)).toBe(SAMPLES);
  });

  it('serves the cover as an image that nothing else is taken for', async () => {
    const { headers, body } = await api.client.bytes(`${base}/cover`);
    expect(headers.get('content-type')).toBe('image/jpeg');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('etag')).toBe(`"${createHash('sha256').update(body).digest('hex')}"`);
    const { links, title } = (await api.client.separation(separation.id)).body;
    expect([links.cover?.split('?')[0], title]).toEqual([`${base}/cover`, 'My Song']);
    expect((await api.client.bytes(links.cover ?? '')).headers.get('cache-control')).toContain('immutable');
  });

  it('calls a song as its tags do, unless its owner calls it otherwise', async () => {
    const documents = new Documents(api.store);
    const { id } = await given({ seconds: 0.2, stems: ['vocals'] });
    const manifest = await documents.manifest(id);
    if (manifest === undefined) throw new Error('there is no manifest');
    const tags = { title: 'Tagged', artist: 'Two' };
    const { cover, ...untold } = { ...manifest, input: { ...manifest.input, tags } };
    expect(cover).toBeDefined();
    await documents.putManifest(untold);
    const named = async (): Promise<unknown[]> => {
      const { title, tags: told, fileName } = (await api.client.separation(id)).body;
      const { headers } = await api.client.bytes(`/v1/separations/${id}/stems/vocals.flac`);
      return [title, told, fileName, headers.get('content-disposition')];
    };
    const file = (title: string): string => `attachment; filename="${title} (vocals).flac"`;
    expect(await named()).toEqual(['Tagged', tags, 'My Song.mp3', file('Tagged')]);
    await api.client.edit(id, { title: 'Mine' });
    expect(await named()).toEqual(['Mine', tags, 'My Song.mp3', file('Mine')]);
    const none = await api.client.json(`/v1/separations/${id}/cover`);
    expect(none).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  it('serves single ranges that add up to the whole file', async () => {
    const whole = (await api.client.bytes(`${base}/stems/vocals.flac`)).body;
    const part = async (range: string): Promise<{ status: number; body: Buffer; range: string | null }> => {
      const answer = await api.client.bytes(`${base}/stems/vocals.flac`, { headers: { range } });
      return { status: answer.status, body: answer.body, range: answer.headers.get('content-range') };
    };
    const { length } = whole;
    const first = await part('bytes=0-999');
    const rest = await part('bytes=1000-');
    expect(first).toMatchObject({ status: 206, range: `bytes 0-999/${length}` });
    expect(rest).toMatchObject({ status: 206, range: `bytes 1000-${length - 1}/${length}` });
    expect(Buffer.concat([first.body, rest.body]).equals(whole)).toBe(true);
    expect((await part('bytes=-10')).body.equals(whole.subarray(-10))).toBe(true);
    expect((await part(`bytes=5-${length * 2}`)).body.equals(whole.subarray(5))).toBe(true);
    expect(await part('bytes=0-1,5-6')).toMatchObject({ status: 200 });
    expect(await part('bytes=9-5')).toMatchObject({ status: 200 });
  });

  it('refuses a range outside the file, and tells its length', async () => {
    const whole = (await api.client.bytes(`${base}/stems/vocals.flac`)).body;
    const range = `bytes=${whole.length}-`;
    const { status, headers, body } = await api.client.json(`${base}/stems/vocals.flac`, { headers: { range } });
    expect(status).toBe(416);
    expect(headers.get('content-range')).toBe(`bytes */${whole.length}`);
    expect(headers.get('content-disposition')).toBeNull();
    expect(body).toMatchObject({ code: 'range_not_satisfiable' });
  });

  it('answers 304 when the client has the file, and 200 to a range of another version', async () => {
    const url = `${base}/stems/vocals.flac`;
    const etag = (await api.client.bytes(url, { method: 'HEAD' })).headers.get('etag') ?? '';
    const ask = (headers: Record<string, string>): Promise<{ status: number }> => api.client.bytes(url, { headers });
    expect(await ask({ 'if-none-match': `"other", W/${etag}` })).toMatchObject({ status: 304 });
    expect(await ask({ 'if-none-match': '*' })).toMatchObject({ status: 304 });
    expect(await ask({ 'if-none-match': '"other"' })).toMatchObject({ status: 200 });
    expect(await ask({ range: 'bytes=0-1', 'if-range': etag })).toMatchObject({ status: 206 });
    expect(await ask({ range: 'bytes=0-1', 'if-range': '"other"' })).toMatchObject({ status: 200 });
  });

  it.each(['flac', 'mp3', 'wav'])('answers HEAD for %s like GET, without the body', async (format) => {
    const url = `${base}/stems/drums.${format}`;
    const head = await api.client.bytes(url, { method: 'HEAD' });
    const get = await api.client.bytes(url);
    expect(head.status).toBe(200);
    expect(head.body).toHaveLength(0);
    for (const name of ['content-length', 'etag', 'content-type', 'content-disposition']) {
      expect(head.headers.get(name)).toBe(get.headers.get(name));
    }
    expect(get.headers.get('content-length')).toBe(String(get.body.length));
  });

  it.each([
    ['mp3', 'audio/mpeg'],
    ['wav', 'audio/wav'],
  ] as const)('encodes %s once for concurrent requests, stores it, and keeps every sample', async (format, type) => {
    const { id } = await given({ seconds: SAMPLES / RATE, stems: ['vocals'] });
    const url = `/v1/separations/${id}/stems/vocals.${format}`;
    const answers = await Promise.all([1, 2, 3, 4, 5, 6].map(() => api.client.bytes(url)));
    const [first] = answers;
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(new Set(answers.map(({ headers }) => headers.get('etag'))).size).toBe(1);
    expect(answers.every(({ body }) => first?.body.equals(body))).toBe(true);
    expect(first?.headers.get('content-type')).toBe(type);
    const master = (await new Documents(api.store).manifest(id))?.stems[0]?.sha256 ?? '';
    expect(await api.objects(`separations/${id}/stems/`)).toEqual([
      objectKeys.stem(id, 'vocals', 'flac', master),
      objectKeys.stem(id, 'vocals', format, master),
    ]);
    const decoded = await samplesOf(first?.body ?? Buffer.alloc(0));
    expect(decoded - SAMPLES).toBeGreaterThanOrEqual(0);
    // an MP3 read from a pipe keeps the padding of its last frame
    expect(decoded - SAMPLES).toBeLessThanOrEqual(format === 'mp3' ? 1152 * 2 : 0);
  });

  it('lets a client keep a file for ever only under a link that names its content', async () => {
    const { id } = await given({ seconds: 1, stems: ['vocals'] });
    const { input, original, waveform, stems } = (await api.client.separation(id)).body.links;
    const { flac, mp3 } = stems?.['vocals'] ?? {};
    const cached = async (path: string): Promise<string | null> =>
      (await api.client.bytes(path)).headers.get('cache-control');
    for (const link of [input, original, waveform, flac].map(String)) {
      expect(link).toMatch(/\?v=[0-9a-f]{16}$/);
      expect(await cached(link)).toBe('private, max-age=31536000, immutable');
      expect(await cached(link.replace(/v=.*/, 'v=0123456789abcdef'))).toBe('private, no-cache');
      expect(await cached(link.replace(/\?.*/, ''))).toBe('private, no-cache');
    }
    // made on demand: nobody knows its bytes before
    expect(mp3).toMatch(/vocals\.mp3$/);
    expect(await cached(String(mp3))).toBe('private, no-cache');
  });

  it('serves the stored original: nothing decodes the song again', async () => {
    // the song of the fixture is a text, which no ffmpeg decodes
    const { status, headers, body } = await api.client.bytes(`${base}/original.flac`);
    expect(status).toBe(200);
    expect(headers.get('etag')).toBe(`"${createHash('sha256').update(body).digest('hex')}"`);
    expect(headers.get('content-disposition')).toBe('attachment; filename="My Song (original).flac"');
    expect(await samplesOf(body)).toBe(SAMPLES);
  });

  it('serves only the song before the manifest exists', async () => {
    const { id } = await given({ seconds: 1, stems: STEMS, completed: false });
    for (const path of ['stems/vocals.flac', 'mix.mp3?levels=vocals:1', 'original.flac', 'archive.zip', 'waveform']) {
      const { status, body } = await api.client.json(`/v1/separations/${id}/${path}`);
      expect({ path, status, body }).toMatchObject({ path, status: 409, body: { code: 'not_completed' } });
    }
    expect(await api.client.bytes(`/v1/separations/${id}/input`)).toMatchObject({ status: 200 });
  });

  it("shows nothing of another key's separation", async () => {
    const { id } = await given({ seconds: 1, stems: STEMS, owner: 'ann' });
    for (const path of [
      'stems/vocals.flac',
      'mix.mp3?levels=vocals:1',
      'original.flac',
      'archive.zip',
      'waveform',
      'input',
    ]) {
      const { status, body } = await api.client.json(`/v1/separations/${id}/${path}`);
      expect({ path, status, body }).toMatchObject({ path, status: 404, body: { code: 'separation_not_found' } });
    }
  });

  it.each([
    ['stems/theremin.flac', 404, { code: 'stem_not_found', allowed: STEMS }],
    ['stems/vocals.ogg', 422, { code: 'unknown_format', allowed: ['flac', 'mp3', 'wav'] }],
    ['stems/..%2f..%2frequest.json', 422, { code: 'unknown_format' }],
    ['stems/__proto__.flac', 404, { code: 'stem_not_found' }],
    ['archive.zip?stems=theremin', 404, { code: 'stem_not_found' }],
    ['archive.zip?format=ogg', 422, { code: 'unknown_format' }],
    ['archive.zip?formats=mp3', 400, { code: 'unknown_field' }],
  ])('answers %s with %i', async (path, status, body) => {
    expect(await api.client.json(`${base}/${path}`)).toMatchObject({ status, body });
  });

  it.each(['flac', 'mp3'])('serves an archive of %s whole, by range, and only if it changed', async (format) => {
    const url = `${base}/archive.zip?format=${format}`;
    const ask = (init: RequestInit = {}): ReturnType<typeof api.client.bytes> => api.client.bytes(url, init);
    const whole = await ask();
    expect(whole.status).toBe(200);
    expect(whole.body.subarray(0, 4).toString('latin1')).toBe('PK\x03\x04');
    const { length } = whole.body;
    const etag = whole.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"\w+"$/);
    for (const { status, headers } of [whole, await ask({ method: 'HEAD' })]) {
      expect(status).toBe(200);
      expect(headers.get('content-length')).toBe(String(length));
      expect(headers.get('accept-ranges')).toBe('bytes');
      expect(headers.get('etag')).toBe(etag);
      expect(headers.get('content-type')).toBe('application/zip');
      expect(headers.get('cache-control')).toBe('private, no-cache');
      expect(headers.get('content-disposition')).toBe('attachment; filename="My Song (stems).zip"');
    }
    const rest = await ask({ headers: { range: 'bytes=5000-', 'if-range': etag } });
    expect(rest.status).toBe(206);
    expect(rest.headers.get('content-range')).toBe(`bytes 5000-${length - 1}/${length}`);
    expect(rest.body.equals(whole.body.subarray(5000))).toBe(true);
    expect((await ask({ headers: { 'if-none-match': etag } })).status).toBe(304);
    expect((await ask({ headers: { range: `bytes=${length}-` } })).status).toBe(416);
    const vocals = await api.client.bytes(`${url}&stems=vocals`, { headers: { 'if-none-match': etag } });
    expect(vocals.status).toBe(200);
  });

  it('answers 404 when its files are gone', async () => {
    const { id } = await given({ seconds: 1, stems: ['vocals'] });
    await api.store.removeAll(objectKeys.stems(id));
    expect(await api.client.json(`/v1/separations/${id}/archive.zip`)).toMatchObject({ status: 404 });
    for (const format of ['flac', 'mp3']) {
      const { status, headers, body } = await api.client.json(`/v1/separations/${id}/stems/vocals.${format}`);
      expect({ status, body }).toMatchObject({ status: 404, body: { code: 'separation_not_found' } });
      expect([headers.get('etag'), headers.get('content-disposition')]).toEqual([null, null]);
    }
  });

  it('serves the waveform', async () => {
    const { status, headers, body } = await api.client.json<Waveform>(`${base}/waveform`);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(body).toMatchObject({ version: 1, sampleRate: RATE, samples: SAMPLES, samplesPerPeak: 2205 });
    expect(Object.keys(body.stems)).toEqual(STEMS);
    expect(body.stems['vocals']).toHaveLength(Math.ceil(SAMPLES / 2205));
    expect(body.stems['vocals']?.[3]).toBe(51);
  });

  it.each([
    ['песня "live".mp3', /^attachment; filename="[ -~]*"; filename\*=UTF-8''%D0%BF[%\w.]*\.mp3$/],
    ['a; filename=evil.exe.mp3', /^attachment; filename="a; filename=evil\.exe\.mp3"$/],
  ])('offers the song under its name %s', async (fileName, disposition) => {
    const { id } = await given({ seconds: 1, stems: [], fileName, completed: false });
    const { status, headers, body } = await api.client.bytes(`/v1/separations/${id}/input`);
    expect(status).toBe(200);
    expect(headers.get('content-disposition')).toMatch(disposition);
    expect(headers.get('content-type')).toBe('audio/mpeg');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(body.toString()).toMatch(/^a song /);
  });
});

function s3Environment({ config }: S3Server): Record<string, string> {
  return {
    S3_ENDPOINT: config.endpoint.href,
    S3_REGION: config.region,
    S3_BUCKET: config.bucket,
    S3_ACCESS_KEY: config.accessKey,
    S3_SECRET_KEY: config.secretKey,
  };
}
