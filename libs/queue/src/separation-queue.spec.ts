import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { someRedis } from '../../../test/support/servers/redis-server.js';
import { waitUntil } from '../../../test/support/wait-until.js';
import { CancelSignals } from './cancel-signals.js';
import { InvalidJobError, PermanentJobError } from './queue.errors.js';
import { QueueFixture, gate, someJob } from '../../../test/support/separations/queue-fixture.js';
import { someId } from '../../../test/support/separations/stored-separations.js';
import { SeparationQueue } from './separation-queue.js';

describe(SeparationQueue.name, () => {
  let redis: Awaited<ReturnType<typeof someRedis>>;
  let fixture: QueueFixture;
  let sut: SeparationQueue;

  beforeAll(async () => {
    redis = await someRedis();
  });
  afterAll(() => redis.close());
  beforeEach(() => {
    fixture = new QueueFixture(redis.url);
    sut = fixture.queue;
  });
  afterEach(() => fixture.close());

  it('makes one job of ten equal submissions from two processes', async () => {
    const job = someJob();
    const other = fixture.other();
    await Promise.all(Array.from({ length: 10 }, (_, n) => (n % 2 === 0 ? sut : other.queue).enqueue(job)));
    expect(await sut.depth()).toEqual({ waiting: 1, active: 0, delayed: 0, failed: 0 });
  });

  it('keeps an active job that is submitted again', async () => {
    const job = someJob();
    const finish = gate();
    let starts = 0;
    await fixture.work(() => {
      starts += 1;
      return finish.passed;
    });
    await sut.enqueue(job);
    await waitUntil('the job to start', () => starts === 1);
    await sut.enqueue({ ...job, requestId: 'another' });
    finish.open();
    await waitUntil('the job to end', async () => (await sut.unfinishedCount()) === 0);
    expect(starts).toBe(1);
  });

  it('replaces a failed job with the new data', async () => {
    const job = someJob();
    const seen: string[] = [];
    await fixture.work(({ requestId }) => {
      seen.push(requestId);
      return seen.length === 1 ? Promise.reject(new PermanentJobError('internal', 'no')) : Promise.resolve();
    });
    await sut.enqueue(job);
    await waitUntil('the job to fail', async () => (await sut.depth()).failed === 1);
    await sut.enqueue({ ...job, requestId: 'second' });
    await waitUntil('the job to run again', () => seen.length === 2);
    expect(seen[1]).toBe('second');
  });

  it('tells why a kept job failed', async () => {
    const job = someJob();
    await fixture.work(() => Promise.reject(new PermanentJobError('undecodable_audio', 'no: audio\nin it')));
    await sut.enqueue(job);
    await waitUntil('the job to fail', async () => (await sut.depth()).failed === 1);
    expect(await sut.failure(job.id)).toEqual({ code: 'undecodable_audio', message: 'no: audio\nin it' });
    expect(await sut.failure(someId())).toBeUndefined();
    expect(await sut.state(job.id)).toBeUndefined();
  });

  it('tells whether a worker holds a job', async () => {
    const [held, waiting] = [someJob(), someJob()];
    const finish = gate();
    await fixture.work(() => finish.passed);
    await sut.enqueue(held);
    await waitUntil('the job to start', async () => (await sut.state(held.id))?.status === 'processing');
    await sut.enqueue(waiting);
    expect([await sut.isHeld(held.id), await sut.isHeld(waiting.id)]).toEqual([true, false]);
    finish.open();
  });

  it('counts a job that waits for its next attempt as unfinished', async () => {
    await fixture.work(() => Promise.reject(new Error('not this time')));
    await sut.enqueue(someJob());
    await waitUntil('the next attempt to be planned', async () => (await sut.depth()).delayed === 1);
    expect(await sut.unfinishedCount()).toBe(1);
  });

  it('keeps a cancel request for a day', async () => {
    const { connections } = fixture;
    const signals = new CancelSignals(connections);
    const [old, recent, fresh] = [someId(), someId(), someId()];
    const hours = (count: number): number => Date.now() - count * 3600 * 1000;
    await connections.call((client) => client.zadd(connections.keys.cancelled, hours(25), old, hours(23), recent));
    await signals.request(fresh);
    const kept = await Promise.all([old, recent, fresh].map((id) => signals.isRequested(id)));
    expect(kept).toEqual([false, true, true]);
  });

  it('numbers waiting jobs first come, first served', async () => {
    const jobs = [someJob(), someJob(), someJob()];
    for (const job of jobs) await sut.enqueue(job);
    const states = await sut.states([...jobs.map(({ id }) => id), someId()]);
    expect([...states.values()]).toEqual(
      [1, 2, 3].map((position) => ({ status: 'queued', position, etaSeconds: null, workers: 0 })),
    );
  });

  it('estimates from the measured speed, the work ahead and the number of live workers', async () => {
    const [first, second] = [someJob({ durationSeconds: 100 }), someJob({ durationSeconds: 50 })];
    await sut.enqueue(first);
    await sut.enqueue(second);
    await fixture.speeds.record('demo', 10, 5);
    const worker = {
      queue: 'toWorkers',
      engines: 1,
      models: [],
      device: 'cpu',
      backend: 'torch',
      precision: 'fp32',
      realTimeFactor: {},
    };
    await fixture.registry.announce({ workerId: 'a', ...worker });
    // 100 s and then 50 s of song at half a second each
    expect(await fixture.other().queue.state(second.id)).toMatchObject({ position: 2, etaSeconds: 75, workers: 1 });
    await fixture.registry.announce({ workerId: 'b', ...worker });
    expect(await fixture.other().queue.state(second.id)).toMatchObject({ etaSeconds: 50, workers: 2 });
  });

  it('counts only the rest of an active job', async () => {
    const [active, waiting] = [someJob({ durationSeconds: 100 }), someJob({ durationSeconds: 100 })];
    const finish = gate();
    await fixture.work(async (_job, { reportProgress }) => {
      await reportProgress({ percent: 75, stage: 'separate' });
      await finish.passed;
    });
    await sut.enqueue(active);
    await waitUntil('progress', async () => {
      const state = await sut.state(active.id);
      return state?.status === 'processing' && state.progress.percent === 75;
    });
    await sut.enqueue(waiting);
    await fixture.speeds.record('demo', 1, 1);
    await fixture.registry.announce({
      workerId: 'a',
      queue: 'toWorkers',
      engines: 1,
      models: [],
      device: 'cpu',
      backend: 'torch',
      precision: 'fp32',
      realTimeFactor: {},
    });
    expect(await fixture.other().queue.state(waiting.id)).toEqual({
      status: 'queued',
      position: 1,
      etaSeconds: 125,
      workers: 1,
    });
    finish.open();
  });

  it('removes a waiting job and keeps an active one', async () => {
    const finish = gate();
    const [active, waiting] = [someJob(), someJob()];
    await fixture.work(() => finish.passed);
    await sut.enqueue(active);
    await waitUntil('the job to start', async () => (await sut.state(active.id))?.status === 'processing');
    await sut.enqueue(waiting);
    await sut.remove(active.id);
    await sut.remove(waiting.id);
    expect((await sut.states([active.id, waiting.id])).has(active.id)).toBe(true);
    expect(await sut.unfinishedCount()).toBe(1);
    finish.open();
  });

  it('tells the age of the oldest waiting job, without those of low priority', async () => {
    const seconds = async (): Promise<number | undefined> => (await sut.oldestWaitSeconds()).get('toWorkers');
    const low = someJob({ turn: { client: 'folder', priority: 'low', weight: 1 } });
    await sut.enqueue(low);
    await waitUntil('the job to grow older', () => Date.now() - Date.parse(low.createdAt) > 50);
    expect(await seconds()).toBe(0);
    await sut.enqueue(someJob());
    await waitUntil('the job to grow older', async () => ((await seconds()) ?? 0) > 0.05);
    await sut.enqueue(someJob());
    expect(await seconds()).toBeGreaterThan(0.05);
  });

  it('refuses an invalid job, and ignores one that it finds in Redis', async () => {
    await expect(sut.enqueue({ ...someJob(), durationSeconds: Number.NaN })).rejects.toThrow(InvalidJobError);
    const job = someJob();
    await sut.enqueue(job);
    await fixture.connections.call((client) =>
      client.hset(fixture.connections.keys.queue().job(job.id), 'data', '{"id":7}'),
    );
    expect(await sut.state(job.id)).toBeUndefined();
  });
});
