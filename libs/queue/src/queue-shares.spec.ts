import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { gate, QueueFixture, someJob } from '../../../test/support/separations/queue-fixture.js';
import { someRedis } from '../../../test/support/servers/redis-server.js';
import { someId } from '../../../test/support/separations/stored-separations.js';
import { waitUntil } from '../../../test/support/wait-until.js';
import { ModelRoutes } from './model-routes.js';
import { QueueShares } from './queue-shares.js';

const ANN = 'key:ann';
const BOB = 'key:bob';

describe(QueueShares.name, () => {
  let redis: Awaited<ReturnType<typeof someRedis>>;
  let fixture: QueueFixture;
  let sut: QueueShares;

  beforeAll(async () => {
    redis = await someRedis();
  });

  afterAll(() => redis.close());

  beforeEach(() => {
    fixture = new QueueFixture(redis.url);
    sut = new QueueShares(fixture.connections, fixture.queue);
  });

  afterEach(() => fixture.close());

  async function queue(client: string, songs: number): Promise<void> {
    for (let n = 0; n < songs; n += 1) {
      const job = someJob();
      await sut.add(client, job.id);
      await fixture.queue.enqueue(job);
    }
  }

  it('counts songs that wait, run, or wait for their next attempt, and no others', async () => {
    let isFirst = true;
    const finish = gate();
    await queue(ANN, 1);
    await fixture.work(() => {
      if (!isFirst) return finish.passed;
      isFirst = false;
      return Promise.reject(new Error('not this time'));
    });
    await waitUntil('the next attempt to be planned', async () => (await fixture.queue.depth()).delayed === 1);
    await queue(ANN, 2);
    await queue(BOB, 1);
    await waitUntil('one to run', async () => (await fixture.queue.depth()).active === 1);
    await sut.add(ANN, someId());
    expect([await sut.count(ANN), await sut.count(BOB), await sut.count('key:eve')]).toEqual([3, 1, 0]);
    finish.open();
  });

  it('looks songs up only where the limit may be reached, and forgets those that ended', async () => {
    await queue(ANN, 1);
    await sut.add(ANN, someId());
    expect(await sut.reaches(ANN, 3)).toBe(false);
    expect(await sut.reaches(ANN, 2)).toBe(false);
    const known = await fixture.connections.call((client) => client.scard(`${fixture.prefix}:queued:${ANN}`));
    expect(known).toBe(1);
    expect(await sut.reaches(ANN, 1)).toBe(true);
  });

  it('counts the songs of every pool of workers', async () => {
    const routes = new ModelRoutes([
      { name: 'toWorkers', models: '*' },
      { name: 'toWorkers-big', models: ['best'] },
    ]);
    const pools = new QueueFixture(redis.url, undefined, routes);
    sut = new QueueShares(pools.connections, pools.queue);
    for (const model of ['demo', 'best']) {
      const job = someJob({ model });
      await sut.add(ANN, job.id);
      await pools.queue.enqueue(job);
    }
    expect([await sut.count(ANN), await sut.reaches(ANN, 2)]).toEqual([2, true]);
    await pools.close();
  });

  it('asks Redis no more about many songs than about one', async () => {
    await queue(ANN, 40);
    expect((await commands(() => sut.count(ANN))).length).toBeLessThan(20);
  });

  /** what this connection sends to Redis meanwhile */
  async function commands(work: () => Promise<unknown>): Promise<string[]> {
    const info = await fixture.connections.call((client) => client.client('INFO'));
    const address = /\baddr=(\S+)/.exec(info)?.[1];
    const monitor = await fixture.connections.forQueue().monitor();
    const seen: string[] = [];
    monitor.on('monitor', (_time: string, [name = '']: string[], source: string) => {
      if (source === address) seen.push(name.toLowerCase());
    });
    await work();
    await fixture.connections.call((client) => client.echo('done'));
    await waitUntil('all to be seen', () => seen.includes('echo'));
    monitor.disconnect();
    return seen.slice(0, seen.indexOf('echo'));
  }
});
