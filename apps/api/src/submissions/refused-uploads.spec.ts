import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SeparationQueue } from '@app/queue';
import type { ModelList } from '@app/separations';
import type { Answer, Problem } from '../../../../test/support/service/api-client.js';
import { startApi, type InProcessApi } from '../../../../test/support/service/in-process-api.js';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import { ffmpeg } from '../../../../test/support/songs/songs.js';
import { wav, type WavOptions } from '../../../../test/support/songs/wav.js';
import { SubmissionsController } from './submissions.controller.js';

type Part = readonly [name: string, value: string | Blob, fileName?: string];

function song(options: WavOptions = {}): Blob {
  return new Blob([new Uint8Array(wav(options))]);
}

function text(content: string): Blob {
  return new Blob([content]);
}

describe(SubmissionsController.name, () => {
  let redis: RedisServer;
  let api: InProcessApi;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'songs-'));
    redis = await RedisServer.start();
    api = await startApi(redis.url, {
      MAX_UPLOAD_BYTES: '2000000',
      MAX_DURATION_SECONDS: '10',
      MAX_QUEUED: '2',
      MODEL: 'demo',
      MODEL_LICENCES: 'permissive,own',
    });
  });

  afterAll(async () => {
    await api.close();
    await redis.close();
    await rm(folder, { recursive: true, force: true });
  });

  beforeEach(() => redis.wipe());

  afterEach(async () => {
    expect(await api.objects()).toEqual([]);
    expect(await api.app.get(SeparationQueue).unfinishedCount()).toBe(0);
  });

  function post(...parts: readonly Part[]): Promise<Answer<Problem>> {
    const form = new FormData();
    for (const [name, value, fileName = 'song.mp3'] of parts) {
      if (typeof value === 'string') form.append(name, value);
      else form.append(name, value, fileName);
    }
    return api.client.json('/v1/separations', { method: 'POST', body: form });
  }

  it.each<[what: string, code: string, ...parts: Part[]]>([
    ['no file', 'missing_file', ['model', 'demo']],
    ['a song as a text field', 'missing_file', ['file', 'text'.repeat(1000)]],
    ['a list of stems as PHP writes it', 'unknown_field', ['file', song()], ['stems[]', 'vocals'], ['stems[]', 'bass']],
    ['two files', 'too_many_files', ['file', song()], ['file', song()]],
    ['a file in an unknown field', 'unknown_field', ['song', song()]],
    ['an empty file', 'empty_file', ['file', new Blob([])]],
    ['an unknown field', 'unknown_field', ['file', song()], ['modle', 'demo']],
    ['a field called as the root of all objects', 'unknown_field', ['file', song()], ['__proto__', 'x']],
    ['a field called as a method', 'unknown_field', ['file', song()], ['constructor', 'x']],
    ['a field twice', 'invalid_request', ['file', song()], ['model', 'demo'], ['model', 'demo']],
    ['a field of 3 kB', 'malformed_upload', ['file', song()], ['stems', 'x'.repeat(3000)]],
    ['a file and a link', 'too_many_files', ['file', song()], ['url', 'http://127.0.0.1/']],
    ['thirty fields', 'malformed_upload', ...Array.from({ length: 30 }, (_, at): Part => [`field${at}`, '1'])],
  ])('answers 400 to %s', async (_, code, ...parts) => {
    expect(await post(...parts)).toMatchObject({ status: 400, body: { code, status: 400 } });
  });

  it.each<[what: string, code: string, name: string, value: string]>([
    ['an unknown model', 'unknown_model', 'model', 'htdemux'],
    ['an unknown stem', 'unknown_stem', 'stems', 'vocals,tuba'],
    ['a stem of another model', 'unknown_stem', 'stems', 'piano'],
    ['no stem', 'unknown_stem', 'stems', ' , '],
    ['an unknown format', 'unknown_format', 'formats', 'flac,aac'],
    ['no format', 'unknown_format', 'formats', ','],
    ['overlap above 0.9', 'invalid_overlap', 'overlap', '0.91'],
    ['overlap below 0', 'invalid_overlap', 'overlap', '-0.1'],
    ['overlap that is no decimal', 'invalid_overlap', 'overlap', '0x1'],
    ['shifts above 10', 'invalid_shifts', 'shifts', '11'],
    ['half a shift', 'invalid_shifts', 'shifts', '1.5'],
    ['track 0', 'invalid_track', 'track', '0'],
    ['a track that is not a number', 'invalid_track', 'track', 'x'],
    ['an unknown priority', 'invalid_priority', 'priority', 'high'],
  ])('answers 422 to %s and says what is allowed', async (_, code, name, value) => {
    const answer = await post([name, value], ['file', song()]);
    expect(answer).toMatchObject({ status: 422, body: { code } });
    expect(JSON.stringify(answer.body.allowed)).toMatch(/demo|vocals|flac|low|"max"/);
  });

  it('answers 422 to a link, where no host is allowed', async () => {
    const answer = await post(['url', 'http://127.0.0.1:9/song.mp3'], ['model', 'demo']);
    expect(answer).toMatchObject({ status: 422, body: { code: 'url_not_allowed' } });
  });

  it('checks the options before it fetches anything', async () => {
    for (const source of [
      ['url', 'http://127.0.0.1:9/song.mp3'],
      ['upload', 'f'.repeat(48)],
    ] as const) {
      expect((await post(source, ['formats', 'mp2'])).body.code).toBe('unknown_format');
    }
  });

  it('answers 422 to a model whose license the operator does not allow, and names class and source', async () => {
    const answer = await post(['model', 'htdemucs'], ['file', song()]);
    const source = 'https://github.com/facebookresearch/demucs/issues/327';
    expect(answer).toMatchObject({
      status: 422,
      body: {
        code: 'licence_not_allowed',
        detail: `The license of "htdemucs" is none-stated (${source}). This server allows only permissive, own.`,
        licence: { class: 'none-stated', source },
      },
    });
  });

  it('lists which models the operator allows', async () => {
    const { body } = await api.client.json<ModelList>('/v1/models');
    const named = Object.fromEntries(body.models.map(({ name, allowed }) => [name, allowed]));
    expect(named).toMatchObject({ htdemucs: false, demo: true, melband_roformer_kim: true });
  });

  it.each<[what: string, status: number, code: string, file: Blob]>([
    ['text', 415, 'no_audio', text('just words\n'.repeat(50))],
    ['an HLS playlist', 415, 'no_audio', text('#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n')],
    ['a concat playlist', 415, 'no_audio', text("ffconcat version 1.0\nfile '/etc/passwd'\n")],
    ['only an ID3 tag', 415, 'no_audio', text('ID3\x04\0\0\0\0\0\x0a\0\0\0\0\0\0\0\0\0\0')],
    ['float WAV with NaN', 422, 'not_finite', song({ format: 'float32', constant: Number.NaN })],
    ['a WAV without a sample', 422, 'no_samples', song({ seconds: 0 })],
    ['a song over the duration limit', 422, 'duration_limit', song({ seconds: 10.5, channels: 1 })],
    ['a file over the byte limit', 413, 'file_too_large', new Blob([new Uint8Array(2_000_001)])],
    ['a file far over the byte limit', 413, 'file_too_large', new Blob([new Uint8Array(9_000_000)])],
  ])('answers to %s with %d', async (_, status, code, file) => {
    const answer = await post(['file', file]);
    expect(answer).toMatchObject({ status, body: { code, status } });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body.requestId).toBe(answer.headers.get('x-request-id'));
  });

  it.each([
    ['an image', 'image.png', ['-i', 'color=size=64x64', '-frames:v', '1']],
    ['a video without sound', 'video.mp4', ['-i', 'testsrc=size=64x64:duration=1']],
  ])('answers 415 to %s', async (_, name, args) => {
    const file = join(folder, name);
    await ffmpeg('-f', 'lavfi', ...args, file);
    const bytes = new Blob([new Uint8Array(await readFile(file))]);
    expect(await post(['file', bytes])).toMatchObject({ status: 415, body: { code: 'no_audio' } });
  });

  it('answers 422 to a small song that takes a lot of work', async () => {
    const file = join(folder, 'dense.flac');
    await ffmpeg('-f', 'lavfi', '-i', 'anullsrc=d=9:r=384000:cl=stereo', '-frame_size', '16384', file);
    const bytes = new Blob([new Uint8Array(await readFile(file))]);
    expect(bytes.size).toBeLessThan(20_000);
    expect(await post(['file', bytes])).toMatchObject({ status: 422, body: { code: 'too_costly' } });
  });

  it('answers 413 if the length was not announced', async () => {
    const head = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n';
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(head));
        controller.enqueue(new Uint8Array(2_100_000));
        controller.close();
      },
    });
    const headers = { 'content-type': 'multipart/form-data; boundary=b' };
    const init: RequestInit & { readonly duplex: 'half' } = { method: 'POST', headers, body, duplex: 'half' };
    const answer = await api.client.json<Problem>('/v1/separations', init);
    expect(answer).toMatchObject({ status: 413, body: { code: 'file_too_large' } });
  });

  it.each<[what: string, status: number, code: string, type: string, body: string]>([
    ['JSON', 415, 'unsupported_media_type', 'application/json', '{}'],
    ['a form in gzip', 415, 'unsupported_media_type', 'multipart/form-data; boundary=b', 'gzip'],
    ['a form without a boundary', 400, 'malformed_upload', 'multipart/form-data', 'x'],
    ['a form that breaks off', 400, 'malformed_upload', 'multipart/form-data; boundary=b', '--b\r\nContent-Dispo'],
  ])('answers to %s with %d', async (_, status, code, type, body) => {
    const encoding = body === 'gzip' ? { 'content-encoding': 'gzip' } : {};
    const init = { method: 'POST', headers: { 'content-type': type, ...encoding }, body };
    expect(await api.client.json('/v1/separations', init)).toMatchObject({ status, body: { code } });
  });
});
