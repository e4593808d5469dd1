import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { WorkerAnnouncement } from '@app/fleet';
import { Redis } from 'ioredis';
import { QueueFixture, gate, someJob } from '../../../test/support/separations/queue-fixture.js';
import { someRedis } from '../../../test/support/servers/redis-server.js';
import { waitUntil } from '../../../test/support/wait-until.js';
import { InvalidJobError } from './queue.errors.js';
import { openQueue } from './bull-queue.js';
import { ModelRoutes } from './model-routes.js';
import { PoolQueue } from './pool-queue.js';
import type { SeparationJob } from './separation-job.js';

const BIG = 'toWorkers-big';
const ONE = new ModelRoutes();
const TWO = new ModelRoutes([
  { name: 'toWorkers', models: '*' },
  { name: BIG, models: ['best', 'htdemucs_ft'] },
]);

describe(ModelRoutes.name, () => {
  let redis: Awaited<ReturnType<typeof someRedis>>;
  let fixture: QueueFixture;

  beforeAll(async () => {
    redis = await someRedis();
  });
  afterAll(() => redis.close());
  beforeEach(() => {
    fixture = new QueueFixture(redis.url, undefined, TWO);
  });
  afterEach(() => fixture.close());

  const worker = (workerId: string, queue: string): WorkerAnnouncement => {
    return {
      workerId,
      queue,
      engines: 1,
      models: [],
      device: 'cpu',
      backend: 'torch',
      precision: 'fp32',
      realTimeFactor: {},
    };
  };
  const someOf = (model: string): SeparationJob => someJob({ model, durationSeconds: 60 });
  const has = async (of: QueueFixture, { id }: SeparationJob): Promise<boolean> =>
    (await of.queue.state(id)) !== undefined;

  it('gives each worker the songs of its models only', async () => {
    const jobs = ['demo', 'best', 'htdemucs', 'htdemucs_ft'].map(someOf);
    const taken: Record<string, string[]> = { toWorkers: [], [BIG]: [] };
    for (const queue of ['toWorkers', BIG]) {
      await fixture.work(({ model }) => Promise.resolve(void taken[queue]?.push(model)), { queue });
    }
    for (const job of jobs) await fixture.queue.enqueue(job);
    await waitUntil('all to be done', async () => (await fixture.queue.unfinishedCount()) === 0);
    expect(taken).toEqual({ toWorkers: ['demo', 'htdemucs'], [BIG]: ['best', 'htdemucs_ft'] });
  });

  it('tells positions and times by the queue of the model and its workers', async () => {
    const jobs = ['demo', 'demo', 'best', 'demo', 'best'].map(someOf);
    for (const job of jobs) await fixture.queue.enqueue(job);
    await fixture.speeds.record('demo', 60, 6);
    await fixture.speeds.record('best', 60, 60);
    for (const [id, queue] of Object.entries({ a: 'toWorkers', b: 'toWorkers', c: BIG })) {
      await fixture.registry.announce(worker(id, queue));
    }
    const states = await fixture.other().queue.states(jobs.map(({ id }) => id));
    expect(jobs.map(({ id }) => states.get(id))).toEqual([
      { status: 'queued', position: 1, etaSeconds: 6, workers: 2 },
      { status: 'queued', position: 2, etaSeconds: 9, workers: 2 },
      { status: 'queued', position: 1, etaSeconds: 60, workers: 1 },
      { status: 'queued', position: 3, etaSeconds: 12, workers: 2 },
      { status: 'queued', position: 2, etaSeconds: 120, workers: 1 },
    ]);
  });

  it('counts, finds and removes the songs of every queue', async () => {
    const jobs = [someOf('demo'), someOf('best')];
    for (const job of jobs) await fixture.queue.enqueue(job);
    expect(await fixture.queue.unfinishedCount()).toBe(2);
    const waiting = [...(await fixture.queue.depths())].map(([name, depth]) => [name, depth.waiting]);
    expect(waiting).toEqual([
      ['toWorkers', 1],
      [BIG, 1],
    ]);
    for (const { id } of jobs) await fixture.queue.remove(id);
    expect(await fixture.queue.unfinishedCount()).toBe(0);
  });

  it('gives clients turns in each queue by itself', async () => {
    const of = (client: string, model: string): SeparationJob =>
      someJob({ model, turn: { client, priority: 'normal', weight: 1 } });
    const flood = Array.from({ length: 5 }, () => of('flood', 'best'));
    for (const job of [...flood, of('flood', 'demo')]) await fixture.queue.enqueue(job);
    const [single, another] = [of('single', 'best'), of('flood', 'best')];
    for (const job of [single, another]) await fixture.queue.enqueue(job);
    const states = await fixture.queue.states([single.id, another.id]);
    expect([states.get(single.id), states.get(another.id)]).toMatchObject([{ position: 2 }, { position: 7 }]);
  });

  it('tells the changes of a job in any queue', async () => {
    const job = someOf('best');
    const stop = new AbortController();
    const seen: string[] = [];
    const changes = fixture.events().changes(job.id, stop.signal);
    const reading = (async () => {
      for await (const change of changes) seen.push(change);
    })();
    await waitUntil('the reader to begin', () => seen.length > 0);
    await fixture.queue.enqueue(job);
    await fixture.work(() => Promise.resolve(), { queue: BIG });
    await waitUntil('the end to be told', () => seen.includes('end'));
    stop.abort();
    await reading;
  });

  it('refuses a song whose model no pool has', async () => {
    const sut = fixture.other(new ModelRoutes([{ name: BIG, models: ['best'] }])).queue;
    expect([sut.takes('best'), sut.takes('demo')]).toEqual([true, false]);
    await expect(sut.enqueue(someOf('demo'))).rejects.toThrow(InvalidJobError);
  });

  it('moves songs that wait when a pool comes, and keeps their order', async () => {
    const before = fixture.other(ONE);
    const jobs = ['best', 'demo', 'best'].map(someOf);
    for (const job of jobs) await before.queue.enqueue(job);
    const [first, , third] = jobs;
    expect(await fixture.queue.reroute()).toEqual([first?.id, third?.id]);
    const positions = [...(await fixture.queue.states(jobs.map(({ id }) => id))).values()];
    expect(positions).toMatchObject([{ position: 1 }, { position: 1 }, { position: 2 }]);
    expect(await fixture.queue.reroute()).toEqual([]);
  });

  it('moves songs when a pool goes, also one whose worker was killed, and then forgets its queue', async () => {
    const finish = gate();
    const [running, killed, waiting] = [someOf('best'), someOf('best'), someOf('best')];
    for (const job of [running, killed, waiting]) await fixture.queue.enqueue(job);
    await fixture.work(() => finish.passed, { queue: BIG, concurrency: 2 });
    const after = fixture.other(ONE);
    const { keys } = fixture.connections;
    await waitUntil('two to run', async () => (await after.queue.depth()).active === 2);
    // as if its worker had died 15 s ago, and none were left to notice it
    await fixture.connections.call((client) => client.del(`${keys.queue(BIG).job(killed.id)}:lock`));

    expect(new Set(await after.queue.reroute())).toEqual(new Set([waiting.id, killed.id]));
    // the other one is not lost, and not run twice
    expect(await after.queue.state(running.id)).toMatchObject({ status: 'processing' });
    finish.open();
    await waitUntil('the last to end', async () => !(await has(after, running)));
    await after.queue.reroute();
    expect(await after.connections.call((client) => client.smembers(keys.queues))).toEqual([]);
    expect(await has(after, waiting)).toBe(true);
  });

  it('goes on with a queue of which a worker takes a song while it is removed', async () => {
    const finish = gate();
    const jobs = [someOf('best'), someOf('best')] as const;
    await fixture.queue.enqueue(jobs[0]);
    await fixture.work(() => finish.passed, { queue: BIG });
    await waitUntil('one to run', async () => (await fixture.queue.depth()).active === 1);
    // it sees an empty queue, as it was a moment ago
    const before = new Redis(redis.url.href, { db: 1 });
    try {
      const sut = new PoolQueue(BIG, fixture.connections, fixture.speeds, fixture.registry);
      expect(await sut.removeIfEmpty(before)).toBe(false);
    } finally {
      before.disconnect();
    }
    await fixture.queue.enqueue(jobs[1]);
    finish.open();
    await waitUntil('both to be done', async () => (await fixture.queue.unfinishedCount()) === 0);
  });

  it('goes on with a queue that a killed process was removing', async () => {
    await openQueue(fixture.connections, BIG).pause();
    await fixture.queue.enqueue(someOf('best'));
    await fixture.work(() => Promise.resolve(), { queue: BIG });
    await fixture.queue.reroute();
    await waitUntil('it to be done', async () => (await fixture.queue.unfinishedCount()) === 0);
  });

  it('lets a worker pass on what it took, once', async () => {
    const before = fixture.other(ONE);
    const job = someOf('best');
    await before.queue.enqueue(job);
    const own: string[] = [];
    await fixture.work(async (taken) => {
      if (!(await fixture.queue.forward(taken, 'toWorkers'))) own.push(taken.id);
    });
    await waitUntil('it to be passed on', async () => (await fixture.queue.depths()).get(BIG)?.waiting === 1);
    await fixture.work(
      async (taken) => {
        if (!(await fixture.queue.forward(taken, BIG))) own.push(taken.id);
      },
      { queue: BIG },
    );
    await waitUntil('it to be done', async () => (await fixture.queue.unfinishedCount()) === 0);
    expect(own).toEqual([job.id]);
  });
});
