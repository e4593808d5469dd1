import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Failure } from '@app/separations';
import { someRedis } from '../../../../test/support/servers/redis-server.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { PermanentJobError, RetryableJobError, UnfitWorkerError } from '../queue.errors.js';
import { QueueFixture, gate, someJob, untilAborted } from '../../../../test/support/separations/queue-fixture.js';
import { SeparationWorker } from './separation-worker.js';
import type { JobContext } from './worker-options.js';

describe(SeparationWorker.name, () => {
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

  it('retries what may pass after a back-off, as often as the table says, and nothing else', async () => {
    const failures: [Failure, boolean][] = [];
    const startedAt: number[] = [];
    const onFailed = (_job: unknown, failure: Failure, final: boolean): Promise<void> => {
      failures.push([failure, final]);
      return Promise.resolve();
    };
    const errors = [new RetryableJobError('out_of_memory', 'big'), new PermanentJobError('undecodable_audio', 'noise')];
    await fixture.work(
      ({ model }) => {
        if (model === 'big') startedAt.push(performance.now());
        return Promise.reject(model === 'big' ? (errors[0] as Error) : (errors[1] as Error));
      },
      { onFailed },
    );
    await fixture.queue.enqueue(someJob({ model: 'big' }));
    await fixture.queue.enqueue(someJob({ model: 'noise' }));
    await waitUntil('both to fail', async () => (await fixture.queue.depth()).failed === 2, { deadlineMs: 10_000 });
    const big = { code: 'out_of_memory', message: 'big' };
    expect(failures.filter(([{ code }]) => code === 'out_of_memory')).toEqual([
      [big, false],
      [big, true],
    ]);
    expect(failures.filter(([{ code }]) => code === 'undecodable_audio')).toHaveLength(1);
    expect((startedAt[1] ?? 0) - (startedAt[0] ?? 0)).toBeGreaterThanOrEqual(990);
  });

  it('records the outcome before the job fails, and keeps a job whose outcome it cannot record', async () => {
    const job = someJob();
    let writes = 0;
    let stateWhileWriting: unknown;
    await fixture.work(() => Promise.reject(new PermanentJobError('internal', 'no')), {
      onFailed: async () => {
        writes += 1;
        if (writes === 1) throw new Error('the store is away');
        stateWhileWriting = await fixture.queue.state(job.id);
      },
    });
    await fixture.queue.enqueue(job);
    await waitUntil('the job to be kept', async () => (await fixture.queue.depth()).delayed === 1);
    await waitUntil('the job to fail', async () => (await fixture.queue.depth()).failed === 1, { deadlineMs: 10_000 });
    expect(stateWhileWriting).toMatchObject({ status: 'processing' });
  });

  it('ends a running job within 2 s of a cancel from another process, and removes it', async () => {
    const job = someJob();
    const running = gate<JobContext>();
    const cancelled: string[] = [];
    await fixture.work(
      (_job, context) => {
        running.open(context);
        return untilAborted(context.signal);
      },
      { onCancelled: ({ id }) => Promise.resolve(void cancelled.push(id)) },
    );
    await fixture.queue.enqueue(job);
    const { signal } = await running.passed;
    await fixture.other().cancelSignals.request(job.id);
    await waitUntil('the signal', () => signal.aborted, { deadlineMs: 2000 });
    await waitUntil('the job to be gone', async () => (await fixture.queue.unfinishedCount()) === 0);
    expect(cancelled).toEqual([job.id]);
    expect(await fixture.queue.depth()).toMatchObject({ failed: 0 });
  });

  it('ends it within 2 s even if the message was lost, because it polls', async () => {
    const job = someJob();
    const running = gate<JobContext>();
    await fixture.work((_job, context) => {
      running.open(context);
      return untilAborted(context.signal);
    });
    await fixture.queue.enqueue(job);
    const { signal } = await running.passed;
    const { cancelled } = fixture.connections.keys;
    await fixture.connections.call((client) => client.zadd(cancelled, Date.now(), job.id));
    await waitUntil('the signal', () => signal.aborted, { deadlineMs: 2000 });
  });

  it('never starts a cancelled job, and starts it when it is submitted again', async () => {
    const job = someJob();
    let starts = 0;
    await fixture.queue.enqueue(job);
    await fixture.cancelSignals.request(job.id);
    await fixture.work(() => Promise.resolve(void (starts += 1)));
    await waitUntil('the job to be gone', async () => (await fixture.queue.unfinishedCount()) === 0);
    expect(starts).toBe(0);
    await fixture.queue.enqueue(job);
    await waitUntil('the new job', () => starts === 1);
  });

  it('lets a running job end within the grace period of a close', async () => {
    const finish = gate();
    const running = gate();
    const worker = await fixture.work(() => {
      running.open();
      return finish.passed;
    });
    await fixture.queue.enqueue(someJob());
    await running.passed;
    const closed = worker.close({ graceMs: 10_000 });
    finish.open();
    await closed;
    expect(await fixture.queue.depth()).toEqual({ waiting: 0, active: 0, delayed: 0, failed: 0 });
  });

  it('hands back a job that takes longer: it is next in line and has spent no attempt', async () => {
    const [job, later] = [someJob(), someJob()];
    const running = gate();
    const worker = await fixture.work((_job, { signal }) => {
      running.open();
      return untilAborted(signal);
    });
    await fixture.queue.enqueue(job);
    await running.passed;
    await fixture.queue.enqueue(later);
    await worker.close({ graceMs: 50 });
    expect(await fixture.queue.state(job.id)).toMatchObject({ status: 'queued', position: 1 });
    const again = gate<number>();
    await fixture.other().work(({ id }, { attempt }) => {
      if (id === job.id) again.open(attempt);
      return Promise.resolve();
    });
    expect(await again.passed).toBe(1);
  });

  it('hands nothing back to a Redis that came back empty: the job can be queued again', async () => {
    const job = someJob();
    const running = gate();
    const worker = await fixture.work((_job, { signal }) => {
      running.open();
      return untilAborted(signal);
    });
    await fixture.queue.enqueue(job);
    await running.passed;
    await fixture.connections.call((client) => client.flushall());
    await worker.close({ graceMs: 0 });
    await fixture.queue.enqueue(job);
    expect(await fixture.queue.state(job.id)).toMatchObject({ status: 'queued' });
  });

  it('counts each cause by itself: causes that are unlike do not add up', async () => {
    const causes = ['ffmpeg_killed', 'internal', 'engine_hung', 'out_of_memory', 'engine_hung'] as const;
    const failures: string[] = [];
    await fixture.work(
      (_job, { attempt }) => {
        const code = causes[attempt - 1];
        return code === undefined ? Promise.resolve() : Promise.reject(new RetryableJobError(code, 'it happens'));
      },
      {
        onFailed: (_job, { code }, final) => {
          failures.push(final ? `${code}, the last` : code);
          return Promise.resolve();
        },
      },
    );
    await fixture.queue.enqueue(someJob());
    await waitUntil('it to fail', async () => (await fixture.queue.depth()).failed === 1, { deadlineMs: 20_000 });
    expect(failures).toEqual(['ffmpeg_killed', 'internal', 'engine_hung', 'out_of_memory', 'engine_hung, the last']);
  });

  it('takes nothing while it is paused, and gives back a job it is unfit for with no attempt spent', async () => {
    const job = someJob();
    const attempts: number[] = [];
    const failures: string[] = [];
    const sick: SeparationWorker = await fixture.work(
      async (_job, { attempt }) => {
        attempts.push(attempt);
        if (attempts.length > 1) return;
        await sick.pause();
        throw new UnfitWorkerError('the engine cannot start');
      },
      { onFailed: (_job, { code }) => Promise.resolve(void failures.push(code)) },
    );
    await fixture.queue.enqueue(job);
    await waitUntil('the job to be back', async () => (await fixture.queue.depth()).waiting === 1);
    const healthy = gate<number>();
    const other = await fixture.other().work((_job, { attempt }) => {
      healthy.open(attempt);
      return Promise.resolve();
    });
    expect(await healthy.passed).toBe(1);
    await other.close({ graceMs: 0 });
    await fixture.queue.enqueue(someJob());
    await sick.resume();
    await waitUntil('the next job', () => attempts.length === 2);
    expect(failures).toEqual([]);
  });

  it('fails a job that makes every worker unfit, after many of them and by its own cause', async () => {
    const job = someJob();
    const failures: string[] = [];
    const cause = new RetryableJobError('internal', 'the engine died of it');
    await fixture.work(() => Promise.reject(new UnfitWorkerError('engine: it cannot start', { cause })), {
      onFailed: (_job, { code, message }, final) => Promise.resolve(void failures.push(`${code}: ${message} ${final}`)),
    });
    await fixture.queue.enqueue(job);
    await waitUntil('it to fail', async () => (await fixture.queue.depth()).failed === 1, { deadlineMs: 20_000 });
    expect(await fixture.timesTaken()).toBe(30 + 2);
    expect(failures).toEqual(['internal: the engine died of it false', 'internal: the engine died of it true']);
  });

  it('takes nothing if it was paused before it started', async () => {
    const sick = fixture.worker(() => Promise.resolve());
    await sick.pause();
    await fixture.queue.enqueue(someJob());
    await sick.start();
    const taking = waitUntil('it to take the job', async () => (await fixture.timesTaken()) > 0, { deadlineMs: 1000 });
    await expect(taking).rejects.toThrow('in vain');
    await sick.resume();
    await waitUntil('it to take the job', async () => (await fixture.timesTaken()) === 1);
  });

  it('lets the first run of a job end before it runs again, after Redis was wiped', async () => {
    const job = someJob();
    const [running, finish] = [gate(), gate()];
    let [starts, atOnce, most] = [0, 0, 0];
    const failures: string[] = [];
    await fixture.work(
      async () => {
        most = Math.max(most, (atOnce += 1));
        starts += 1;
        running.open();
        if (starts === 1) await finish.passed;
        atOnce -= 1;
      },
      { concurrency: 2, onFailed: (_job, { code }) => Promise.resolve(void failures.push(code)) },
    );
    await fixture.queue.enqueue(job);
    await running.passed;
    await fixture.connections.call((client) => client.flushall());
    await fixture.queue.enqueue(job);
    await waitUntil('the second run waits', async () => (await fixture.queue.depth()).active === 1);
    finish.open();
    await waitUntil('it to end', async () => starts === 2 && (await fixture.queue.unfinishedCount()) === 0, {
      deadlineMs: 20_000,
    });
    expect(most).toBe(1);
    expect(failures).toEqual([]);
  });

  it('gives up a job that breaks the contract, and goes on with the next', async () => {
    const [strange, good] = [someJob(), someJob()];
    await fixture.queue.enqueue(strange);
    await fixture.connections.call((client) =>
      client.hset(fixture.connections.keys.queue().job(strange.id), 'data', '{"id":"../../etc"}'),
    );
    await fixture.queue.enqueue(good);
    const done: string[] = [];
    await fixture.work(({ id }) => Promise.resolve(void done.push(id)));
    await waitUntil('the good job', () => done.length === 1);
    expect(done).toEqual([good.id]);
    expect((await fixture.queue.depth()).failed).toBe(1);
  });
});
