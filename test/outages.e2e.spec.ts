import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Separation } from '@app/separations';
import { makeSong } from './support/songs/songs.js';
import { slowEngine } from './support/service/slow-engine.js';
import { TestService } from './support/service/test-service.js';
import { waitUntil } from './support/wait-until.js';

/** slow enough that the outage falls into the middle of the work */
const SLOW = slowEngine(2);
const SECONDS = 12;
const LONG_MS = 180_000;

async function untilSeparating(service: TestService, id: string): Promise<void> {
  const stage = async (): Promise<boolean> => (await service.api.separation(id)).body.progress.stage === 'separate';
  await waitUntil('it is being separated', stage, { deadlineMs: 60_000 });
}

async function jobs(service: TestService, state: string): Promise<number | undefined> {
  return service.metric('queue_jobs', { state });
}

/** What is stored is whole and once there, and nothing else is left of the attempts. */
async function expectOneResult(service: TestService, { id, receipt }: Separation): Promise<void> {
  expect(receipt?.stems).toHaveLength(4);
  for (const stem of receipt?.stems ?? []) {
    const { body } = await service.api.bytes(`/v1/separations/${id}/stems/${stem.name}.flac`);
    expect(createHash('sha256').update(body).digest('hex')).toBe(stem.sha256);
    expect(stem.samples).toBe(receipt?.input.samples);
  }
  const { stems = [], artefacts = [], original } = receipt ?? {};
  const listed = [...stems, ...artefacts, ...(original === undefined ? [] : [original])].map(({ key }) => key);
  expect(listed).toHaveLength(6);
  const files = ['input.mp3', 'manifest.json', 'request.json'].map((name) => `separations/${id}/${name}`);
  const stored = await service.objects(`separations/${id}/`);
  expect(stored.sort()).toEqual([...files, ...listed].sort());
  expect(await service.objects('staging/')).toEqual([]);
  await waitUntil('no job is left', async () => {
    const left = await Promise.all(['waiting', 'active', 'delayed', 'failed'].map((state) => jobs(service, state)));
    return left.every((count) => count === 0);
  });
}

describe('an object store that goes away in the middle of a job', () => {
  let service: TestService;

  beforeAll(async () => {
    service = await TestService.start({ driver: 'mortal s3', env: SLOW });
  });

  afterAll(() => service.close());

  it.each([
    ['killed', 1],
    ['frozen', 2],
  ] as const)(
    'is %s until the worker has missed it: the job is tried again, and one result is stored',
    async (how, variant) => {
      const { s3 } = service;
      const { id } = (await service.api.upload(await makeSong(service.folder, SECONDS, variant))).body;
      await untilSeparating(service, id);
      if (how === 'killed') await s3?.kill();
      else s3?.freeze();
      // given back, because the worker is unfit without the store
      await waitUntil('the job waits for another try', async () => (await jobs(service, 'waiting')) === 1, {
        deadlineMs: 60_000,
      });
      if (how === 'killed') await s3?.restart();
      else s3?.thaw();
      await expectOneResult(service, await service.waitFor(id, 'completed', LONG_MS));
    },
  );
});

describe('Redis that goes away in the middle of a job', () => {
  let service: TestService;

  beforeAll(async () => {
    service = await TestService.start({ env: SLOW });
  });

  afterAll(() => service.close());

  it('comes back when the result is stored already: the job ends, and the result stays as it is', async () => {
    const { id } = (await service.api.upload(await makeSong(service.folder, SECONDS))).body;
    await untilSeparating(service, id);
    await service.redis.kill();
    const manifest = `separations/${id}/manifest.json`;
    await waitUntil('it is stored', async () => (await service.objects(`separations/${id}/`)).includes(manifest), {
      deadlineMs: 60_000,
    });
    await service.redis.start();
    const done = await service.waitFor(id, 'completed');
    await expectOneResult(service, done);
    expect((await service.waitFor(id, 'completed')).receipt).toEqual(done.receipt);
  });
});
