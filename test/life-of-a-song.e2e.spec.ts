import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  objectKeys,
  type Analysis,
  type PendingAnalysis,
  type Preview,
  type Separation,
  type SeparationId,
} from '@app/separations';
import type { Problem } from './support/service/api-client.js';
import { EventReader } from './support/service/event-reader.js';
import { waitUntil } from './support/wait-until.js';
import { slowEngine } from './support/service/slow-engine.js';
import { decodeSamples, loudnessOf, makeSong } from './support/songs/songs.js';
import { TestService } from './support/service/test-service.js';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe.each([
  ['folder', 'always'],
  ['s3', 'on-demand'],
] as const)('the life of a song, on the %s store, analyzed %s', (driver, analysis) => {
  let service: TestService;
  let song: string;
  let separation: Separation;
  let listeners: readonly EventReader[];
  let heard: Preview;

  beforeAll(async () => {
    // slow enough to be heard
    service = await TestService.start({ driver, env: { ...slowEngine(0.3), ANALYSIS: analysis } });
    song = await makeSong(service.folder, 20);
    const accepted = await service.api.upload(song, { formats: 'flac,mp3' });
    expect(accepted.status).toBe(202);
    expect(accepted.headers.get('location')).toBe(`/v1/separations/${accepted.body.id}`);
    const { id } = accepted.body;
    listeners = Array.from({ length: 10 }, () =>
      EventReader.open(service.apis[0]?.port ?? 0, id, { query: '?preview=true' }),
    );
    heard = await waitUntil('something can be heard', () => listeners[0]?.previews[0]);
    await listen(id);
    separation = await service.waitFor(id, 'completed');
  });

  afterAll(() => service.close());

  const blockOf = (id: string, stem: string): string => `/v1/separations/${id}/preview/${heard.attempt}/${stem}/0.flac`;

  async function listen(id: string): Promise<void> {
    const stored = await service.objects(objectKeys.previews(id as SeparationId));
    expect(new Set(stored.map((key) => key.split('/')[3]))).toEqual(new Set([heard.attempt]));
    for (const stem of ['vocals', 'drums', 'bass', 'other']) {
      const { status, headers, body } = await service.api.bytes(blockOf(id, stem));
      expect([status, headers.get('cache-control')]).toEqual([200, 'private, max-age=31536000, immutable']);
      const file = join(service.folder, 'block.flac');
      await writeFile(file, body);
      const { from, to } = heard.blocks[0] ?? { from: 0, to: 0 };
      expect(await decodeSamples(file)).toHaveLength(2 * (to - from));
    }
  }

  it('was heard before it was done, by all who listened, with one copy in the store, and no longer than that', async () => {
    const { id } = separation;
    await Promise.all(listeners.map(({ ended }) => ended));
    expect(new Set(listeners.map(({ previews }) => previews[0]?.attempt))).toEqual(new Set([heard.attempt]));
    for (const { states, previews } of listeners) {
      expect(states.at(-1)?.status).toBe('completed');
      const blocks = previews.flatMap((preview) => preview.blocks);
      expect(blocks.map(({ n }) => n)).toEqual(blocks.map((_, at) => at));
    }
    const { status, body } = await service.api.json<Problem>(blockOf(id, 'vocals'));
    expect([status, body.code]).toEqual([410, 'preview_ended']);
    await waitUntil('nothing is left', async () => (await service.objects(objectKeys.previews(id))).length === 0);
  });

  const receipt = (): NonNullable<Separation['receipt']> => {
    if (separation.receipt === undefined) throw new Error('a completed separation has no receipt');
    return separation.receipt;
  };

  it('gives every stem with the bytes and the checksum of the receipt', async () => {
    expect(receipt().stems.map(({ name }) => name)).toEqual(['vocals', 'drums', 'bass', 'other']);
    for (const stem of receipt().stems) {
      const { status, body } = await service.api.bytes(`/v1/separations/${separation.id}/stems/${stem.name}.flac`);
      expect({ status, bytes: body.length, sha256: sha256(body) }).toEqual({
        status: 200,
        bytes: stem.bytes,
        sha256: stem.sha256,
      });
    }
  });

  it('gives stems of exactly the length of the song, which add up to it as well as the receipt says', async () => {
    const mix = await decodeSamples(song);
    const sum = new Float64Array(mix.length);
    for (const stem of receipt().stems) {
      const { body } = await service.api.bytes(`/v1/separations/${separation.id}/stems/${stem.name}.flac`);
      const file = join(service.folder, `${stem.name}.flac`);
      await writeFile(file, body);
      const samples = await decodeSamples(file);
      expect(samples.length).toBe(mix.length);
      samples.forEach((sample, index) => (sum[index] = (sum[index] ?? 0) + sample));
    }
    expect(receipt().input.samples).toBe(mix.length / 2);
    const gain = 10 ** (receipt().gainDb / 20);
    let [residual, energy] = [0, 0];
    mix.forEach((sample, index) => {
      residual += (sample - (sum[index] ?? 0) / gain) ** 2;
      energy += sample ** 2;
    });
    expect(10 * Math.log10(residual / energy)).toBeCloseTo(receipt().residualDb ?? 0, 0);
  });

  it('names the input by its content', async () => {
    const sent = sha256(await readFile(song));
    expect(receipt().input.sha256).toBe(sent);
    const { body } = await service.api.bytes(`/v1/separations/${separation.id}/input`);
    expect(sha256(body)).toBe(sent);
  });

  it('answers 200 and computes nothing when the song comes again', async () => {
    const again = await service.api.upload(song);
    expect(again.status).toBe(200);
    expect(again.body.receipt?.finishedAt).toBe(receipt().finishedAt);
  });

  it('makes a format that nobody asked for on demand', async () => {
    const { status, body } = await service.api.bytes(`/v1/separations/${separation.id}/stems/bass.wav`);
    expect(status).toBe(200);
    expect(body.subarray(0, 4).toString('latin1')).toBe('RIFF');
  });

  it('has its tempo, key and loudness told', async () => {
    const path = `/v1/separations/${separation.id}/analysis`;
    expect(separation.links.analysis).toBe(path);
    const key = objectKeys.analysis(separation.id);
    const isStored = async (): Promise<boolean> =>
      (await service.objects(objectKeys.separation(separation.id))).includes(key);
    if (analysis === 'always') await waitUntil('it is stored', isStored, { deadlineMs: 30_000 });
    const first = await service.api.json<Analysis | PendingAnalysis>(path);
    expect([first.status, first.headers.get('retry-after')]).toEqual(analysis === 'always' ? [200, null] : [202, '5']);
    const ask = async (): Promise<Analysis | undefined> => {
      const { status, body } = await service.api.json<Analysis>(path);
      return status === 200 ? body : undefined;
    };
    const { loudness, tempo } = await waitUntil('it is told', ask, { deadlineMs: 30_000 });
    expect(Object.keys(loudness.stems).sort()).toEqual(['bass', 'drums', 'other', 'vocals']);
    expect(loudness.mix.integratedLufs).toBeCloseTo(await loudnessOf(song), 0);
    // the beats of the demo song
    expect(tempo?.bpm).toBeCloseTo(104, 0);
    await waitUntil('its files are gone', async () =>
      (await readdir(service.scratch, { recursive: true })).every((name) => !name.includes(separation.id)),
    );
  });

  it('is gone without a trace after DELETE', async () => {
    expect((await service.api.fetch(`/v1/separations/${separation.id}`, { method: 'DELETE' })).status).toBe(204);
    expect(await service.objects(objectKeys.separation(separation.id))).toEqual([]);
    expect((await service.api.separation(separation.id)).status).toBe(404);
    expect((await service.api.fetch(`/v1/separations/${separation.id}/stems/bass.flac`)).status).toBe(404);
    const { body } = await service.api.json<{ separations: unknown[] }>('/v1/separations');
    expect(body.separations).toEqual([]);
  });
});
