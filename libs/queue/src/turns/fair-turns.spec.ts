import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { SeparationId } from '@app/separations';
import { QueueFixture, gate, someJob } from '../../../../test/support/separations/queue-fixture.js';
import { someRedis } from '../../../../test/support/servers/redis-server.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { openQueue } from '../bull-queue.js';
import { RetryableJobError } from '../queue.errors.js';
import type { SeparationJob } from '../separation-job.js';
import { FairTurns } from './fair-turns.js';
import { LAST_TURN, type Turn } from './turn.js';

describe(FairTurns.name, () => {
  let redis: Awaited<ReturnType<typeof someRedis>>;
  let fixture: QueueFixture;

  beforeAll(async () => {
    redis = await someRedis();
  });
  afterAll(() => redis.close());
  beforeEach(() => {
    fixture = new QueueFixture(redis.url);
  });
  afterEach(() => fixture.close());

  function jobOfClient(client: string, change: Partial<Turn> = {}): SeparationJob {
    return someJob({ turn: { client, priority: 'normal', weight: 1, ...change } });
  }

  async function queued(client: string, count = 1, change: Partial<Turn> = {}): Promise<SeparationId[]> {
    const jobs = Array.from({ length: count }, () => jobOfClient(client, change));
    for (const job of jobs) await fixture.queue.enqueue(job);
    return jobs.map(({ id }) => id);
  }

  /** Lets one worker take everything. @returns the ids in the order in which it took them */
  async function allTaken(): Promise<SeparationId[]> {
    const taken: SeparationId[] = [];
    await fixture.work(({ id }) => {
      taken.push(id);
      return Promise.resolve();
    });
    await waitUntil('all to be done', async () => (await fixture.queue.unfinishedCount()) === 0);
    return taken;
  }

  async function places(ids: readonly SeparationId[]): Promise<unknown[]> {
    const states = await fixture.other().queue.states(ids);
    return ids.map((id) => {
      const state = states.get(id);
      return state?.status === 'queued' ? state.position : state?.status;
    });
  }

  it('begins the one song of a client next, before 500 of another', async () => {
    const flood = await queued('flood', 500);
    const finish = gate();
    const taken: SeparationId[] = [];
    await fixture.work(async ({ id }) => {
      taken.push(id);
      await finish.passed;
    });
    await waitUntil('the first to begin', () => taken.length === 1);
    const [single] = await queued('single');
    expect(await places([single, flood[1], flood[499]].flatMap((id) => id ?? []))).toEqual([1, 2, 500]);
    finish.open();
    await waitUntil('the third to begin', () => taken.length >= 3);
    expect(taken.slice(0, 3)).toEqual([flood[0], single, flood[1]]);
  });

  it('takes turns by weight, and tells positions and times in the order in which songs run', async () => {
    const ids = [...(await queued('ann', 6, { weight: 2 })), ...(await queued('bob', 4)), ...(await queued('eve', 2))];
    await fixture.speeds.record('demo', 60, 1);
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
    const states = await fixture.other().queue.states(ids);
    const told = new Map([...states].map(([id, state]) => [id, state.status === 'queued' ? state : undefined]));
    const taken = await allTaken();
    expect(taken.map((id) => told.get(id)?.position)).toEqual(ids.map((_, at) => at + 1));
    expect(taken.map((id) => told.get(id)?.etaSeconds)).toEqual(ids.map((_, at) => at + 1));
    const byAnn = taken.slice(0, 8).filter((id) => ids.indexOf(id) < 6);
    expect(byAnn).toHaveLength(4);
  });

  it('lets low priority yield to what comes later, and raises a song that somebody now waits for', async () => {
    const low = await queued('ann', 3, { priority: 'low' });
    const normal = await queued('ann', 2);
    expect(await places([...normal, ...low])).toEqual([1, 2, 3, 4, 5]);
    const [, , last] = low;
    if (last === undefined) throw new Error('three were queued');
    const turn: Turn = { client: 'ann', priority: 'normal', weight: 1 };
    await fixture.queue.enqueue(someJob({ id: last, turn }));
    expect(await places([...normal, last])).toEqual([1, 2, 3]);
    expect(await fixture.queue.unfinishedCount()).toBe(5);
  });

  it('gives a song its old turn back after a failed attempt', async () => {
    const [first] = await queued('ann', 1);
    const taken: SeparationId[] = [];
    const release = gate();
    await fixture.work(async ({ id }) => {
      taken.push(id);
      if (taken.length === 1) throw new RetryableJobError('engine_crashed', 'once');
      if (taken.length === 2) await release.passed;
    });
    await waitUntil('the retry to be planned', async () => (await fixture.queue.depth()).delayed === 1);
    const others = await queued('ann', 5);
    await waitUntil('another to begin', () => taken.length === 2);
    const delayed = fixture.connections.keys.queue().state('delayed');
    await waitUntil('the retry to be due', async () => {
      const [, score] = await fixture.connections.call((client) => client.zrange(delayed, '0', '0', 'WITHSCORES'));
      // BullMQ's score: milliseconds, and 12 bits of a counter
      return Number(score) / 2 ** 12 < Date.now();
    });
    release.open();
    await waitUntil('all to be done', async () => (await fixture.queue.unfinishedCount()) === 0);
    expect(taken).toEqual([first, others[0], first, ...others.slice(1)]);
  });

  it('does not count what a client has cancelled', async () => {
    const cancelled = await queued('ann', 20);
    const bobs = await queued('bob', 5);
    for (const id of cancelled) await fixture.queue.remove(id);
    expect(await places([...(await queued('ann')), ...bobs])).toEqual([2, 1, 3, 4, 5, 6]);
  });

  it('starts over before turns run out, without changing the order', async () => {
    const earlier = openQueue(fixture.connections);
    const jobs = [0, 120, 240, 360].map((more) => ({ job: jobOfClient('ann'), priority: LAST_TURN - 400 + more }));
    for (const { job, priority } of jobs) await earlier.add('separate', job, { jobId: job.id, priority });
    const anns = jobs.map(({ job }) => job.id);
    const [bob] = await queued('bob');
    const { keys } = fixture.connections;
    const turns = await fixture.connections.call((client) =>
      client.zrange(keys.queue().state('prioritized'), '0', '-1', 'WITHSCORES'),
    );
    expect(turns.filter((_, at) => at % 2 === 1).every((score) => Number(score) < 1000 * 2 ** 32)).toBe(true);
    const stored = await fixture.connections.call((client) => client.hget(keys.queue().key(anns[3] ?? ''), 'priority'));
    expect(stored).toBe('361');
    expect(await allTaken()).toEqual([anns[0], bob, ...anns.slice(1)]);
  });

  it('takes what an earlier version queued first', async () => {
    const ann = await queued('ann');
    const job = someJob();
    await openQueue(fixture.connections).add('separate', job, { jobId: job.id });
    expect(await places([job.id, ...ann])).toEqual([1, 2]);
    expect(await allTaken()).toEqual([job.id, ...ann]);
  });
});
