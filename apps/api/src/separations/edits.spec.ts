import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ffmpeg } from '@app/audio';
import { SeparationStore } from '@app/separation-store';
import {
  objectKeys,
  type Analysis,
  type SeparationPage,
  type ShownAnalysis,
  type StoredRequest,
} from '@app/separations';
import type { ApiClient } from '../../../../test/support/service/api-client.js';
import { EventReader } from '../../../../test/support/service/event-reader.js';
import { keyLine, startApi, type InProcessApi } from '../../../../test/support/service/in-process-api.js';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import { someAnalysis } from '../../../../test/support/separations/stored-separations.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { wav } from '../../../../test/support/songs/wav.js';
import { storeSeparation } from '../media/completed-separation.fixture.js';
import { SeparationsController } from './separations.controller.js';

const KEY = { tonic: 'Bb', mode: 'major' } as const;
const MEASURED: Analysis = {
  ...someAnalysis(),
  tempo: { bpm: 120, confidence: 0.7, beats: [0.5, 1] },
  key: { tonic: 'G', mode: 'minor', confidence: 0.4 },
};

describe(`${SeparationsController.name}, edits`, () => {
  let redis: RedisServer;
  let api: InProcessApi;
  let folder: string;
  let ann: ApiClient;
  let bob: ApiClient;
  let completed: StoredRequest;
  const song = wav({ frequency: 300, seconds: 0.2 });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keys-'));
    await writeFile(join(folder, 'keys'), keyLine('ann', 'key-of-ann') + keyLine('bob', 'key-of-bob'));
    redis = await RedisServer.start();
    api = await startApi(redis.url, { API_KEYS_FILE: join(folder, 'keys') });
    [ann, bob] = [api.as('key-of-ann'), api.as('key-of-bob')];
    const given = { seconds: 1, stems: ['vocals'], owner: 'ann', fileName: 'track 1.mp3' };
    completed = await storeSeparation(api.app.get(Ffmpeg), api.store, given);
    await api.app.get(SeparationStore).index.add('ann', completed.id, completed.createdAt);
    await api.app.get(SeparationStore).writeAnalysis(completed, MEASURED);
  });

  afterAll(async () => {
    await api.close();
    await redis.close();
    await rm(folder, { recursive: true });
  });

  const analysis = async (): Promise<ShownAnalysis> =>
    (await ann.json<ShownAnalysis>(`/v1/separations/${completed.id}/analysis`)).body;

  const fileNameOf = async (path: string): Promise<string | null> =>
    (await ann.bytes(`/v1/separations/${completed.id}/${path}`)).headers.get('content-disposition');

  it('wins everywhere, and stands beside what was uploaded and measured, until it is taken back', async () => {
    const own = { title: 'AC/DC: Live?', tempo: 240, key: KEY };
    const edited = await ann.edit(completed.id, { ...own, title: ' AC/DC:\u202e\n Live? ' });
    const shown = { title: own.title, fileName: 'track 1.mp3', own };
    expect(edited).toMatchObject({ status: 200, body: { ...shown, status: 'completed' } });
    expect((await ann.separation(completed.id)).body).toEqual(edited.body);
    const { separations } = (await ann.json<SeparationPage>('/v1/separations')).body;
    expect(separations.find(({ id }) => id === completed.id)).toMatchObject(shown);
    expect(await analysis()).toEqual({
      ...MEASURED,
      tempo: { bpm: 240, confidence: 1, beats: [0.5, 0.75, 1], own: true },
      key: { ...KEY, confidence: 1, own: true },
      measured: { tempo: MEASURED.tempo, key: MEASURED.key },
    });
    expect(await fileNameOf('stems/vocals.flac')).toContain('"AC_DC_ Live_ (vocals).flac"');
    expect(await fileNameOf('archive.zip')).toContain('"AC_DC_ Live_ (stems).zip"');
    expect(await fileNameOf('input')).toContain('"track 1.mp3"');
    // one at a time, and again
    expect((await ann.edit(completed.id, { tempo: null })).body.own).toEqual({ title: own.title, key: KEY });
    expect((await ann.edit(completed.id, { tempo: null })).body.own).toEqual({ title: own.title, key: KEY });
    expect((await ann.edit(completed.id, {})).body.own).toEqual({ title: own.title, key: KEY });
    expect(await analysis()).toMatchObject({ tempo: { bpm: 120, own: false }, key: { ...KEY, own: true } });
    const back = (await ann.edit(completed.id, { title: '', key: null }, 'application/merge-patch+json')).body;
    expect([back.title, back.own]).toEqual(['track 1', undefined]);
    const { measured, ...rest } = await analysis();
    expect([measured, rest.key]).toEqual([undefined, { ...MEASURED.key, own: false }]);
    expect(await fileNameOf('stems/vocals.flac')).toContain('"track 1 (vocals).flac"');
  });

  it('works while it waits, is told to those who follow, and outlives a cancel', async () => {
    const { id } = (await ann.upload(song, { model: 'demo' }, 'wait.mp3')).body;
    const reader = EventReader.open(api.port, id, { headers: ann.headers });
    await waitUntil('the first state', () => reader.last?.title === 'wait');
    expect((await ann.edit(id, { title: 'Mine' })).body).toMatchObject({ status: 'queued', title: 'Mine' });
    await waitUntil('the edit', () => reader.last?.title === 'Mine');
    await ann.cancel(id);
    await reader.ended;
    expect((await ann.edit(id, { tempo: 90 })).body).toMatchObject({ status: 'cancelled', own: { tempo: 90 } });
    const again = (await ann.upload(song, { model: 'demo' }, 'again.mp3')).body;
    expect(again).toMatchObject({ id, status: 'queued', title: 'Mine', fileName: 'again.mp3', own: { tempo: 90 } });
    await ann.cancel(id);
  });

  it.each([
    [{ title: 'x'.repeat(201) }, 422, 'invalid_title'],
    [{ title: 5 }, 422, 'invalid_title'],
    [{ tempo: 19.9 }, 422, 'invalid_tempo'],
    [{ tempo: '120' }, 422, 'invalid_tempo'],
    ['{"tempo":1e999}', 422, 'invalid_tempo'],
    [{ key: { tonic: 'H', mode: 'minor' } }, 422, 'invalid_key'],
    [{ key: { ...KEY, extra: 1 } }, 422, 'invalid_key'],
    [{ key: 'C' }, 422, 'invalid_key'],
    [{ fileName: 'x' }, 400, 'unknown_field'],
    ['{"__proto__":{}}', 400, 'unknown_field'],
    [[], 400, 'invalid_request'],
    ['null', 400, 'invalid_request'],
    ['{', 400, 'invalid_request'],
    [{ title: 'x'.repeat(20_000) }, 400, 'invalid_request'],
  ])('refuses %j with %i %s, and changes nothing', async (edit, status, code) => {
    expect(await ann.edit(completed.id, edit)).toMatchObject({ status, body: { code } });
    expect((await ann.separation(completed.id)).body.own).toBeUndefined();
  });

  it('takes 200 letters of any script, and JSON only', async () => {
    const title = '🎵'.repeat(200);
    expect((await ann.edit(completed.id, { title })).body.title).toBe(title);
    await ann.edit(completed.id, { title: null });
    const other = await ann.edit(completed.id, '{}', 'text/plain');
    expect(other).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
  });

  it('is for whoever may delete it', async () => {
    const edit = { title: 'stolen' };
    expect(await bob.edit(completed.id, edit)).toMatchObject({ status: 404, body: { code: 'separation_not_found' } });
    expect(await api.client.edit(completed.id, edit)).toMatchObject({ status: 401 });
    expect((await ann.separation(completed.id)).body.title).toBe('track 1');
  });

  it('refuses a separation whose record cannot be read', async () => {
    const { id } = (await ann.upload(wav({ frequency: 400, seconds: 0.2 }), { model: 'demo' })).body;
    await api.store.putText(`${objectKeys.separation(id)}request.json`, '{');
    expect(await ann.edit(id, {})).toMatchObject({ status: 409, body: { code: 'record_damaged' } });
  });
});
