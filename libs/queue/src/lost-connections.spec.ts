import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisUnavailableError } from '@app/redis';
import { RedisServer } from '../../../test/support/servers/redis-server.js';
import { QueueFixture, gate, someJob } from '../../../test/support/separations/queue-fixture.js';
import { TcpProxy } from '../../../test/support/servers/tcp-proxy.js';
import { waitUntil } from '../../../test/support/wait-until.js';
import type { JobChange } from './change-signal.js';
import { JobEvents } from './job-events.js';
import { patient } from '../../../test/support/patience.js';

describe('the queue when Redis changes under its connections', () => {
  let server: RedisServer;
  let proxy: TcpProxy;
  let fixture: QueueFixture;
  let done: string[];

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.close());

  beforeEach(async () => {
    proxy = await TcpProxy.start(server.port);
    fixture = new QueueFixture(new URL(`redis://127.0.0.1:${proxy.port}`));
    done = [];
    await fixture.work(({ id }) => Promise.resolve(void done.push(id)));
  });
  afterEach(async () => {
    await fixture.close();
    await proxy.close();
  });

  /** a job goes all the way: it is queued, taken and completed */
  async function untilItWorks(deadlineMs: number): Promise<void> {
    const job = someJob();
    const enqueue = (): Promise<boolean> => fixture.queue.enqueue(job).then(() => true);
    await waitUntil('the queue to take a job', enqueue, { deadlineMs });
    await waitUntil('the worker to have it', () => done.includes(job.id), { deadlineMs });
  }

  it('makes new connections within 30 s after the peer of all of them is gone without a word', async () => {
    await untilItWorks(5000);
    const events = new JobEvents(fixture.connections);
    const [job, reader] = [someJob(), new AbortController()];
    const changes: JobChange[] = [];
    const reading = (async () => {
      for await (const change of events.changes(job.id, reader.signal)) changes.push(change);
    })();
    await waitUntil('the reader to start', () => changes.length > 0);
    proxy.silence();
    const lostAt = performance.now();
    await untilItWorks(30_000);
    changes.length = 0;
    await waitUntil(
      'the events',
      async () => {
        await fixture.queue.enqueue(job);
        return changes.includes('end');
      },
      { deadlineMs: 30_000 },
    );
    expect(performance.now() - lostAt).toBeLessThan(patient(30_000));
    reader.abort();
    await reading;
    await events.close();
  });

  it('finds the new primary after a failover behind one address', async () => {
    await untilItWorks(5000);
    const successor = await RedisServer.start();
    try {
      await server.command('REPLICAOF', '127.0.0.1', String(successor.port));
      proxy.target = successor.port;
      await untilItWorks(10_000);
    } finally {
      await server.command('REPLICAOF', 'NO', 'ONE');
      await fixture.close();
      await successor.close();
    }
  });

  it.each<[what: string, harm: (server: RedisServer) => Promise<void>, mend: (server: RedisServer) => Promise<void>]>([
    [
      'is out of memory',
      (redis) => redis.command('CONFIG', 'SET', 'maxmemory', '1'),
      (redis) => redis.command('CONFIG', 'SET', 'maxmemory', '0'),
    ],
    [
      'is a replica for a while',
      (redis) => redis.command('REPLICAOF', '127.0.0.1', '1'),
      (redis) => redis.command('REPLICAOF', 'NO', 'ONE'),
    ],
    ['cannot save its snapshots', (redis) => redis.failToSave(), (redis) => redis.saveAgain()],
  ])('is unavailable while Redis %s, and works again by itself', async (_what, harm, mend) => {
    await untilItWorks(5000);
    await harm(server);
    try {
      const calls = [
        () => fixture.queue.enqueue(someJob()),
        () => fixture.cancelSignals.request(someJob().id),
        () => fixture.connections.ping(),
      ];
      for (const call of calls) await expect(call()).rejects.toBeInstanceOf(RedisUnavailableError);
    } finally {
      await mend(server);
    }
    await untilItWorks(10_000);
  });

  it('asks for jobs at intervals while Redis takes no writes', async () => {
    const own = new QueueFixture(server.url);
    const [running, finish] = [gate(), gate()];
    const refusals: number[] = [];
    const work = (): Promise<void> => {
      running.open();
      return finish.passed;
    };
    await own.work(work, { onError: () => void refusals.push(performance.now()) });
    await own.queue.enqueue(someJob());
    await running.passed;
    try {
      await server.failToSave();
      finish.open();
      await waitUntil('some refusals', () => refusals.length >= 6);
      expect((refusals[5] ?? 0) - (refusals[0] ?? 0)).toBeGreaterThan(1000);
    } finally {
      await server.saveAgain();
      await own.close();
    }
  });
});
