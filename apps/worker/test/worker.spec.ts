import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WORKING_RATE } from '@app/audio';
import { jobOf } from '@app/queue';
import { findStemFile, objectKeys } from '@app/separations';
import { someManifest } from '../../../test/support/separations/stored-separations.js';
import { decodeSamples, makeSong } from '../../../test/support/songs/songs.js';
import { waitUntil } from '../../../test/support/wait-until.js';
import { WorkerFixture, storeSong, type RunningWorker } from './worker-fixture.js';

/** many passes over the song, to have time to interrupt them */
const SLOW = { shifts: 10 };

describe('the built worker', () => {
  let fixture: WorkerFixture;
  let worker: RunningWorker;

  beforeAll(async () => {
    fixture = await WorkerFixture.open();
    worker = await fixture.startWorker({ WORKER_PREFETCH: '1' });
  });

  afterAll(() => fixture.close());

  it('stores the stems that the manifest describes, and leaves no scratch', async () => {
    const song = await makeSong(fixture.folder, 8);
    const id = await fixture.submit(song, { formats: ['flac', 'mp3'], durationSeconds: 8 });
    const manifest = await fixture.untilManifest(id);

    expect(manifest.stems.map(({ name }) => name).sort()).toEqual(['bass', 'drums', 'other', 'vocals']);
    expect(manifest.input).toMatchObject({ codec: 'mp3', channels: 2, sampleRate: WORKING_RATE });
    const { stems, artefacts, original } = manifest;
    for (const file of [...stems, ...artefacts, ...(original === undefined ? [] : [original])]) {
      const bytes = await buffer(await fixture.store.get(file.key));
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(file.sha256);
      expect(bytes.length).toBe(file.bytes);
    }
    for (const { key, samples } of manifest.stems) {
      const master = await decodeSamples(join(fixture.folder, 'objects', key));
      expect([samples, master.length / 2]).toEqual([manifest.input.samples, manifest.input.samples]);
    }
    const mp3 = findStemFile(manifest, 'vocals', 'mp3');
    expect(mp3?.key).toBe(objectKeys.stem(id, 'vocals', 'mp3', mp3?.sha256 ?? ''));
    await waitUntil('scratch is empty', () => fixture.scratch().length === 1);

    const metrics = await (await fetch(`${worker.url}/metrics`)).text();
    expect(metrics).toMatch(/separations_total\{.*outcome="completed".*\} 1/);
    expect(metrics).toMatch(/separation_stage_seconds_count\{.*stage="separate".*\} 1/);
    await waitUntil('the throughput is known', () =>
      fixture.throughput.secondsPerAudioSecond('demo').then((s) => s !== null),
    );
    expect(await fixture.presence.live()).toMatchObject([
      { device: 'cpu', models: expect.arrayContaining([expect.objectContaining({ name: 'demo' })]) as unknown },
    ]);
  });

  it('skips a song that is completed or deleted', async () => {
    const song = await makeSong(fixture.folder, 3);
    const completed = await storeSong(fixture.store, song);
    const manifest = someManifest(completed);
    await fixture.documents.putManifest(manifest);
    const deleted = await storeSong(fixture.store, song);
    await fixture.documents.removeRequest(deleted.id);
    for (const request of [completed, deleted]) {
      await fixture.queue.enqueue(jobOf(request));
      await waitUntil('the job is gone', async () => (await fixture.queue.state(request.id)) === undefined);
    }
    expect(await fixture.manifest(completed.id)).toEqual(manifest);
    expect(await fixture.manifest(deleted.id)).toBeUndefined();
  });

  it('stores the reason of a failure', async () => {
    const letter = join(fixture.folder, 'letter.mp3');
    await writeFile(letter, 'Dear listener, this is not music.');
    const id = await fixture.submit(letter);
    await fixture.untilFailed(id);
    expect(await fixture.failure(id)).toMatchObject({ code: 'undecodable_audio' });
  });

  it('cancels a job within 2 s, stores that, and takes the next', async () => {
    const song = await makeSong(fixture.folder, 60);
    const [id, next] = [await fixture.submit(song, SLOW), await fixture.submit(await makeSong(fixture.folder, 4))];
    await fixture.untilStage(id, 'separate', 4);
    await fixture.cancelSignals.request(id);
    await waitUntil('it is cancelled', async () => (await fixture.outcome(id)) === 'cancelled', { deadlineMs: 2000 });
    await fixture.untilManifest(next);
    expect(await fixture.manifest(id)).toBeUndefined();
  });

  it('prepares the next song while the engine is busy', async () => {
    const [song, shortSong] = [await makeSong(fixture.folder, 60), await makeSong(fixture.folder, 4)];
    const first = await fixture.submit(song, SLOW);
    await fixture.untilStage(first, 'separate', 4);
    // not before the first has the engine: a short song is decoded sooner and would overtake it
    const second = await fixture.submit(shortSong);
    await fixture.untilStage(second, 'decode');
    expect(await fixture.queue.state(first)).toMatchObject({ status: 'processing', progress: { stage: 'separate' } });
    await fixture.cancelSignals.request(first);
    await fixture.untilManifest(second);
  });
});
