import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bufferSource, Ffmpeg } from '@app/audio';
import type { StoredRequest } from '@app/separations';
import { startApi, type InProcessApi } from '../../../../../test/support/service/in-process-api.js';
import { Documents } from '../../../../../test/support/separations/stored-separations.js';
import { RedisServer } from '../../../../../test/support/servers/redis-server.js';
import { decodeSamples } from '../../../../../test/support/songs/songs.js';
import { RATE, storeSeparation } from '../completed-separation.fixture.js';
import { TaggedFiles } from './tagged-files.js';

describe(TaggedFiles.name, () => {
  let redis: RedisServer;
  let api: InProcessApi;
  let folder: string;
  let song: StoredRequest;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tagged-'));
    redis = await RedisServer.start();
    api = await startApi(redis.url);
    song = await storeSeparation(api.app.get(Ffmpeg), api.store, { seconds: 1, stems: ['vocals'] });
    const documents = new Documents(api.store);
    const manifest = await documents.manifest(song.id);
    if (manifest === undefined) throw new Error('there is no manifest');
    const tags = { title: 'Tea', artist: 'Ärtist \u{1f375}', album: 'Pots' };
    await documents.putManifest({ ...manifest, input: { ...manifest.input, tags } });
  });

  afterAll(async () => {
    await api.close();
    await redis.close();
    await rm(folder, { recursive: true });
  });

  const pathOf = (format: string): string => `/v1/separations/${song.id}/stems/vocals.${format}`;

  it.each(['flac', 'mp3'])('writes the tags and the cover into %s, and changes no sample', async (format) => {
    const plain = await api.client.bytes(pathOf(format));
    const tagged = await api.client.bytes(`${pathOf(format)}?tags=true`);
    expect(tagged.headers.get('content-length')).toBe(String(tagged.body.length));
    const [before, after] = [join(folder, `plain.${format}`), join(folder, `tagged.${format}`)];
    await writeFile(before, plain.body);
    await writeFile(after, tagged.body);
    const ffmpeg = api.app.get(Ffmpeg);
    expect((await ffmpeg.readTags(before)).tags).toEqual({});
    const { tags, coverStream } = await ffmpeg.readTags(after);
    expect(tags).toEqual({ title: 'Tea (vocals)', artist: 'Ärtist \u{1f375}', album: 'Pots' });
    expect(coverStream).toBe(1);
    const { samples } = await ffmpeg.inspect(bufferSource(tagged.body), { maxDurationSeconds: 60 });
    expect(samples).toBe(RATE);
    expect(await decodeSamples(after)).toEqual(await decodeSamples(before));
  });

  it.each(['flac', 'mp3', 'wav'])(
    'serves ranges of a tagged %s that add up, under a tag of their own',
    async (format) => {
      const path = `${pathOf(format)}?tags=true`;
      const { body, headers } = await api.client.bytes(path);
      const part = async (range: string): Promise<Buffer> =>
        (await api.client.bytes(path, { headers: { range } })).body;
      for (const cut of [1, 50, 700, body.length - 1]) {
        const halves = [await part(`bytes=0-${cut - 1}`), await part(`bytes=${cut}-`)];
        expect(Buffer.concat(halves).equals(body)).toBe(true);
      }
      const etag = headers.get('etag') ?? '';
      expect((await api.client.bytes(path, { headers: { 'if-none-match': etag } })).status).toBe(304);
      expect((await api.client.bytes(pathOf(format))).headers.get('etag')).not.toBe(etag);
      expect(headers.get('cache-control')).toBe('private, no-cache');
    },
  );

  it('follows the own title, and refuses other answers', async () => {
    const before = await api.client.bytes(`${pathOf('mp3')}?tags=true`);
    await api.client.edit(song.id, { title: 'Mine' });
    const { headers, body } = await api.client.bytes(`${pathOf('mp3')}?tags=true`);
    expect(headers.get('etag')).not.toBe(before.headers.get('etag'));
    await writeFile(join(folder, 'own.mp3'), body);
    expect((await api.app.get(Ffmpeg).readTags(join(folder, 'own.mp3'))).tags.title).toBe('Mine (vocals)');
    const other = await api.client.json(`${pathOf('mp3')}?tags=yes`);
    expect(other).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });
});
