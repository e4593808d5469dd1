import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisServer } from '../../../test/support/servers/redis-server.js';
import { waitUntil } from '../../../test/support/wait-until.js';
import { RedisUnavailableError } from '@app/redis';
import { QueueFixture, gate, someJob } from '../../../test/support/separations/queue-fixture.js';
import { someId } from '../../../test/support/separations/stored-separations.js';
import { patient } from '../../../test/support/patience.js';

describe('the queue while Redis is away', () => {
  let server: RedisServer;
  let fixture: QueueFixture;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.close());
  beforeEach(() => {
    fixture = new QueueFixture(server.url);
  });
  afterEach(() => fixture.close());

  const calls: [string, () => Promise<unknown>][] = [
    ['enqueue', () => fixture.queue.enqueue(someJob())],
    ['state', () => fixture.queue.state(someId())],
    ['depth', () => fixture.queue.depth()],
    ['remove', () => fixture.queue.remove(someId())],
    ['cancel', () => fixture.cancelSignals.request(someId())],
    ['live workers', () => fixture.registry.live()],
    ['ping', () => fixture.connections.ping()],
  ];

  async function expectAllUnavailable(): Promise<void> {
    await Promise.all(
      calls.map(async ([name, call]) => {
        const startedAt = performance.now();
        const error: unknown = await call().catch((reason: unknown) => reason);
        expect([name, error]).toEqual([name, expect.any(RedisUnavailableError)]);
        expect(performance.now() - startedAt).toBeLessThan(patient(2000));
      }),
    );
  }

  it('fails every call within 2 s, and recovers by itself within 3 s', async () => {
    await fixture.queue.enqueue(someJob());
    await server.kill();
    await expectAllUnavailable();
    await server.start();
    await waitUntil('the queue to work again', () => fixture.queue.enqueue(someJob()).then(() => true), {
      deadlineMs: 3000,
    });
  });

  it('fails every call within 2 s while Redis hangs', async () => {
    await fixture.connections.ping();
    server.pause();
    await expectAllUnavailable();
    server.resume();
    await waitUntil('the queue to work again', () => fixture.connections.ping().then(() => true), { deadlineMs: 3000 });
  });

  it('fails calls of a process that started without Redis, and works once it is up', async () => {
    await server.stop();
    const late = fixture.other();
    await expect(late.queue.enqueue(someJob())).rejects.toThrow(RedisUnavailableError);
    await server.start();
    await waitUntil('the queue to work', () => late.queue.enqueue(someJob()).then(() => true), { deadlineMs: 3000 });
  });

  it('completes a job that ends during the outage', async () => {
    const finish = gate();
    const running = gate();
    let starts = 0;
    await fixture.work(() => {
      starts += 1;
      running.open();
      return finish.passed;
    });
    await fixture.queue.enqueue(someJob());
    await running.passed;
    // the job is on the disk before the power cut
    await server.stop();
    finish.open();
    await server.start();
    await waitUntil('the job to be completed', async () => (await fixture.queue.unfinishedCount()) === 0, {
      deadlineMs: 10_000,
    });
    expect(starts).toBe(1);
    expect((await fixture.queue.depth()).failed).toBe(0);
  });

  it('takes new jobs within 3 s of the return', async () => {
    const done: string[] = [];
    await fixture.work(({ id }) => Promise.resolve(void done.push(id)));
    await fixture.queue.enqueue(someJob());
    await waitUntil('the first job', () => done.length === 1);
    await server.kill();
    await server.start();
    const returnedAt = performance.now();
    await waitUntil('the queue', () => fixture.queue.enqueue(someJob()).then(() => true));
    await waitUntil('the second job', () => done.length === 2, { deadlineMs: 10_000 });
    expect(performance.now() - returnedAt).toBeLessThan(patient(3000));
  });

  it('ends a worker in bounded time while Redis is down', async () => {
    const running = gate();
    const worker = await fixture.work((_job, { signal }) => {
      running.open();
      return new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          resolve();
        });
      });
    });
    await fixture.queue.enqueue(someJob());
    await running.passed;
    await server.kill();
    const startedAt = performance.now();
    await worker.close({ graceMs: 100 });
    expect(performance.now() - startedAt).toBeLessThan(patient(10_000));
    await server.start();
  });
});
