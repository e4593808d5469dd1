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
import { startOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from './support/servers/otlp-receiver.js';
import { waitUntil } from './support/wait-until.js';
import { slowEngine } from './support/service/slow-engine.js';
import { decodeSamples, loudnessOf, makeSong } from './support/songs/songs.js';
import { TestService } from './support/service/test-service.js';

/** an app that uploads within a span of its own */
const CALLER = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };

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
  let collector: OtlpReceiver;

  beforeAll(async () => {
    collector = await startOtlpReceiver();
    const tracing = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '200' };
    // slow enough to be heard
    service = await TestService.start({ driver, env: { ...slowEngine(0.3), ...tracing, ANALYSIS: analysis } });
    song = await makeSong(service.folder, 20);
    const traced = service.api.with({ traceparent: `00-${CALLER.traceId}-${CALLER.spanId}-01` });
    const accepted = await traced.upload(song, { formats: 'flac,mp3' });
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

  afterAll(async () => {
    await service.close();
    await collector.close();
  });

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

  it('is one trace of both servers, below the span of the caller', async () => {
    const ended = (): boolean => collector.spans().some(({ name }) => name === 'separation');
    await waitUntil('the last span is sent', ended);
    const spans = collector.spans();
    const span = (wanted: string): ReceivedSpan => {
      const found = spans.find(({ name }) => name === wanted);
      if (found === undefined) throw new Error(`no span ${wanted} among ${spans.map(({ name }) => name).join()}`);
      return found;
    };
    const nameOf = (id: string | undefined): string =>
      id === CALLER.spanId ? 'caller' : (spans.find(({ spanId }) => spanId === id)?.name ?? 'none');
    const tree = spans.map(({ service: server, parentSpanId, name }) => `${server}: ${nameOf(parentSpanId)} > ${name}`);
    expect(tree.sort()).toEqual(
      [
        'rest-server: caller > upload',
        ...['receive', 'check', 'store song', 'enqueue'].map((name) => `rest-server: upload > ${name}`),
        ...['queue wait', 'separation'].map((name) => `worker-server: enqueue > ${name}`),
        ...['fetch', 'decode', 'engine wait', 'separate', 'encode', 'store', 'commit'].map(
          (name) => `worker-server: separation > ${name}`,
        ),
        ...['load models', 'network'].map((name) => `worker-server: separate > ${name}`),
      ].sort(),
    );
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([CALLER.traceId]));
    expect(span('separation').attributes).toMatchObject({ 'separation.id': separation.id, 'separation.attempt': 1 });
    expect(span('network').attributes).toMatchObject({ 'network.model': 'demo', 'engine.device': 'cpu' });
    expect(span('separate').to - span('separate').from).toBeCloseTo(receipt().seconds.separate, 1);
    expect(span('network').from).toBeGreaterThanOrEqual(span('separate').from - 0.01);
    expect(span('queue wait').to).toBeCloseTo(span('separation').from, 1);
    expect(JSON.stringify(spans)).not.toContain(separation.fileName);
    expect(service.output).toContain(`${separation.id} ${CALLER.traceId}]`);
  });

  it('counts how long its listeners waited for the first sound, and its owner for the manifest', async () => {
    const answer = await fetch(`http://127.0.0.1:${service.workers[0]?.port ?? 0}/metrics`);
    const lines = (await answer.text()).split('\n');
    for (const metric of ['separation_first_sound_seconds', 'separation_manifest_seconds']) {
      expect(lines).toContain(`${metric}_count{service="worker-server"} 1`);
    }
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
