import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Queue } from 'bullmq';
import { ANALYSIS_QUEUE_NAME } from '@app/redis';
import { gate, QueueFixture, untilAborted } from '../../../../test/support/separations/queue-fixture.js';
import { someId } from '../../../../test/support/separations/stored-separations.js';
import { someRedis } from '../../../../test/support/servers/redis-server.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { queueOptions } from '../bull-queue.js';
import type { AnalysisJob } from './analysis-job.js';
import { AnalysisQueue } from './analysis-queue.js';
import { AnalysisWorker, type AnalysisHandler } from './analysis-worker.js';

describe(AnalysisWorker.name, () => {
  let redis: Awaited<ReturnType<typeof someRedis>>;
  let fixture: QueueFixture;
  let queue: Queue;
  let analyses: AnalysisQueue;
  let errors: string[];
  const workers: AnalysisWorker[] = [];
  const job: AnalysisJob = { id: someId(), requestId: randomUUID() };

  beforeAll(async () => {
    redis = await someRedis();
  });
  afterAll(() => redis.close());
  beforeEach(() => {
    fixture = new QueueFixture(redis.url);
    queue = new Queue(ANALYSIS_QUEUE_NAME, queueOptions(fixture.connections));
    analyses = new AnalysisQueue(queue, fixture.connections);
    errors = [];
  });
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.close()));
    await fixture.close();
  });

  function work(handler: AnalysisHandler): AnalysisWorker {
    const onError = ({ message }: Error): void => void errors.push(message);
    const worker = new AnalysisWorker(fixture.connections, handler, { concurrency: 1, onError });
    workers.push(worker);
    worker.start();
    return worker;
  }

  const isEmpty = async (): Promise<boolean> => Object.values(await queue.getJobCounts()).every((count) => count === 0);

  it('gets a song once, however often it was asked for, and again after that', async () => {
    for (let asked = 0; asked < 3; asked++) await analyses.enqueue(job, 'asked');
    const got: AnalysisJob[] = [];
    work((one) => Promise.resolve(void got.push(one)));
    await waitUntil('the queue is empty', isEmpty);
    expect(got).toEqual([job]);
    await analyses.enqueue(job, 'asked');
    await waitUntil('it comes again', () => got.length === 2);
  });

  it('tells whether somebody waits', async () => {
    const awaited: boolean[] = [];
    work((_job, { isAwaited }) => Promise.resolve(void awaited.push(isAwaited)));
    await analyses.enqueue(job, 'separated');
    await waitUntil('the queue is empty', isEmpty);
    await analyses.enqueue(job, 'asked');
    await waitUntil('it comes again', () => awaited.length === 2);
    expect(awaited).toEqual([false, true]);
  });

  it('tries a song again after a while, three times in all, and leaves nothing of it behind', async () => {
    let tries = 0;
    work(() => {
      tries += 1;
      return Promise.reject(new Error('no'));
    });
    await analyses.enqueue(job, 'asked');
    const delayed = await waitUntil('it waits', async () => (await queue.getDelayed())[0]);
    for (let more = 0; more < 2; more++) {
      await waitUntil('it waits again', async () => await delayed.isDelayed());
      await delayed.promote();
    }
    await waitUntil('it is given up', isEmpty);
    expect(tries).toBe(3);
    expect(delayed.opts.backoff).toEqual({ type: 'exponential', delay: 5000 });
  });

  it('drops what is no job, and tells of it', async () => {
    await queue.add('asked', { id: 'x' });
    work(() => Promise.resolve());
    await waitUntil('the queue is empty', isEmpty);
    expect(errors).toEqual(['a song to be analyzed has no valid name']);
  });

  it('leaves what it does to another worker when it closes', async () => {
    const began = gate();
    const worker = work((_job, { signal }) => {
      began.open();
      return untilAborted(signal);
    });
    await analyses.enqueue(job, 'asked');
    await began.passed;
    await worker.close();
    const done = gate();
    work(() => {
      done.open();
      return Promise.resolve();
    });
    await (await waitUntil('it waits', async () => (await queue.getDelayed())[0])).promote();
    await done.passed;
  });
});
