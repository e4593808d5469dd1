import { DelayedError, WaitingError, type Job } from 'bullmq';
import { type Redis } from 'ioredis';
import { withTimeout } from '@app/concurrency';
import { CancelSignals } from '../cancel-signals.js';
import { describeFailure, FailedAttemptError, GivenUpError, isFinal, parseFailure } from '../job-failure.js';
import { HandedBackError, JobRun, LostJobError } from './job-run.js';
import { PatientWorker } from './patient-worker.js';
import { CancelledJobError, PermanentJobError, UnfitWorkerError } from '../queue.errors.js';
import { QUEUE_NAME, type QueueKeys, type RedisConnections } from '@app/redis';
import { backoff, MAX_ATTEMPTS } from '../retry.js';
import { parseSeparationJob, type SeparationJob } from '../separation-job.js';
import type { JobHandler, WorkerOptions } from './worker-options.js';

/** together 18 s: a killed worker's job is back within the promised 20 s on a busy machine too */
const LOCK_MS = 15_000;
const STALLED_CHECK_MS = 3000;
/** a job whose workers died more often than this is killing them */
const MAX_STALLS = 3;
/** time for a handler to end after its signal */
const ABORT_MS = 5000;
const CLOSE_MS = 2000;
/** takes back one counted start, and creates nothing if the job is gone: BullMQ would refuse to queue that id again */
const TAKE_BACK_START = `if redis.call('exists', KEYS[1]) == 1 then redis.call('hincrby', KEYS[1], 'ats', -1) end`;
/** counts up a field beside the job's own; -1 if the job is gone */
const COUNT = `
if redis.call('exists', KEYS[1]) == 0 then return -1 end
return redis.call('hincrby', KEYS[1], ARGV[1], 1)`;
/** far more than an outage takes from a fleet, which pauses; a song that makes each worker unfit ends after it */
const MAX_HAND_BACKS = 30;
const HAND_BACKS = 'handBacks';
/** delay before a job whose outcome could not be recorded is retried */
const UNWRITTEN_MS = 5000;

/** Takes jobs from its queue and runs the handler on each. */
export class SeparationWorker {
  private readonly keys: QueueKeys;
  private readonly runs = new Set<JobRun>();
  private readonly cancelSignals: CancelSignals;
  private redis: Redis | undefined;
  private worker: PatientWorker | undefined;
  private paused = false;
  private stopListening: (() => Promise<void>) | undefined;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly connections: RedisConnections,
    private readonly handler: JobHandler,
    private readonly options: WorkerOptions,
  ) {
    this.cancelSignals = new CancelSignals(connections);
    this.keys = connections.keys.queue(options.queue ?? QUEUE_NAME);
  }

  /** Takes jobs from now on, whenever Redis is up. */
  async start(): Promise<void> {
    this.stopListening = await this.cancelSignals.onRequest((id) => {
      for (const run of this.runs) if (run.job.id === id) run.abort(new CancelledJobError());
    });
    this.redis = this.connections.forWorker();
    this.worker = new PatientWorker(this.keys.name, (job, token) => this.process(job, token ?? ''), {
      connection: this.redis,
      prefix: this.connections.keys.prefix,
      concurrency: this.options.concurrency,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      // our own limit applies first and is recorded; these are the last resort
      maxStalledCount: MAX_STALLS * 2,
      maxStartedAttempts: MAX_ATTEMPTS + MAX_STALLS * 2,
      // after a connection fault; the default of 15 s is too long
      runRetryDelay: 1000,
      settings: {
        backoffStrategy: (attempts, _type, error) =>
          error instanceof FailedAttemptError ? backoff(error.failure.code, error.failures) : attempts * 1000,
      },
    });
    // it may have been paused before it started
    if (this.paused) await this.worker.pause(true);
    this.worker.on('error', (error) => this.options.onError?.(error));
    this.worker.on('failed', (job, error) => {
      this.reportGivenUp(job, error);
    });
    this.worker.on('lockRenewalFailed', (ids) => {
      for (const run of this.runs) if (ids.includes(run.job.id)) run.abort(new LostJobError());
    });
  }

  /** Takes no job until `resume`. Running jobs go on. */
  async pause(): Promise<void> {
    this.paused = true;
    await this.worker?.pause(true);
  }

  async resume(): Promise<void> {
    if (this.closing !== undefined) return;
    this.paused = false;
    await this.worker?.resume();
  }

  /** Stops taking jobs, gives running ones `graceMs` to end, and hands the rest back. Takes at most 10 s more. */
  close(options: { readonly graceMs: number }): Promise<void> {
    this.closing ??= this.end(options.graceMs);
    return this.closing;
  }

  private async end(graceMs: number): Promise<void> {
    const { worker } = this;
    await worker?.pause(true);
    await this.whenIdle(graceMs);
    for (const run of this.runs) run.abort(new HandedBackError());
    await this.whenIdle(ABORT_MS + 500);
    await this.stopListening?.();
    // a graceful close waits for Redis, forever while it is down; the jobs go back when their locks expire
    const isAway = await this.connections.ping().then(
      () => false,
      () => true,
    );
    await withTimeout(CLOSE_MS, async () => worker?.close(isAway)).catch(() => undefined);
    this.redis?.disconnect();
  }

  private async whenIdle(timeoutMs: number): Promise<void> {
    const ended = Promise.all([...this.runs].map((run) => run.ended));
    await withTimeout(timeoutMs, () => ended).catch(() => undefined);
  }

  /** Called by BullMQ; how it ends decides what happens to the job. */
  private async process(bullJob: Job, token: string): Promise<void> {
    const run = new JobRun(parseOrGiveUp(bullJob.data), bullJob);
    const earlier = [...this.runs].find(({ job }) => job.id === run.job.id);
    this.runs.add(run);
    try {
      // a pending fetch may still bring a job
      if (this.closing !== undefined || this.paused) run.abort(new HandedBackError());
      if (earlier === undefined) await this.attempt(run);
      else await handBackAfter(earlier, run);
    } catch (error) {
      await this.settle(run, token, error);
    } finally {
      this.runs.delete(run);
      run.end();
    }
  }

  private async attempt(run: JobRun): Promise<void> {
    run.signal.throwIfAborted();
    const { stalledCounter } = run.bullJob;
    if (stalledCounter > MAX_STALLS) {
      throw new PermanentJobError('worker_lost', `its worker was lost ${stalledCounter} times`);
    }
    // if Redis does not answer, the listener reports it a second later
    if (await this.cancelSignals.isRequested(run.job.id).catch(() => false)) run.abort(new CancelledJobError());
    run.signal.throwIfAborted();
    await orAbandoned(this.handler(run.job, run), run.signal);
  }

  /** Returns for a cancelled job, which is then removed. Otherwise throws the error that tells BullMQ what happened. */
  private async settle(run: JobRun, token: string, error: unknown): Promise<void> {
    const { job, bullJob } = run;
    const cause: unknown = run.signal.aborted ? run.signal.reason : error;
    if (cause instanceof CancelledJobError) {
      await this.writeDown(run, token, () => this.options.onCancelled?.(job));
      return;
    }
    if (cause instanceof LostJobError) {
      this.options.onLost?.(job);
      throw new WaitingError();
    }
    if (cause instanceof HandedBackError || (await this.isUnfit(run, cause))) {
      // a hand-back is not a failed start; uncounted before another worker can take the job
      await this.redis?.eval(TAKE_BACK_START, 1, this.keys.job(job.id));
      await bullJob.moveToWait(token);
      throw new WaitingError();
    }
    const reason = cause instanceof UnfitWorkerError ? cause.cause : error;
    const failure = describeFailure(reason);
    // each code by itself: causes that are unlike must not add up
    const failures = await this.count(run, `failures:${failure.code}`);
    const final = isFinal(reason, failures);
    if (final) await this.writeDown(run, token, () => this.options.onFailed?.(job, failure, true));
    else await this.tell(this.options.onFailed?.(job, failure, false));
    throw final ? new GivenUpError(failure) : new FailedAttemptError(failure, failures);
  }

  /** Whether the worker and not the job is at fault. A job that has met too many unfit workers makes them so. */
  private async isUnfit(run: JobRun, cause: unknown): Promise<boolean> {
    return cause instanceof UnfitWorkerError && (await this.count(run, HAND_BACKS)) <= MAX_HAND_BACKS;
  }

  private async count({ job }: JobRun, field: string): Promise<number> {
    return Number(await this.redis?.eval(COUNT, 1, this.keys.job(job.id), field));
  }

  private async writeDown(run: JobRun, token: string, write: () => Promise<void> | undefined): Promise<void> {
    try {
      await write();
    } catch (error) {
      this.report(error);
      await run.bullJob.moveToDelayed(Date.now() + UNWRITTEN_MS, token);
      throw new DelayedError();
    }
  }

  /** BullMQ gave the job up by itself: it was started or stalled too often */
  private reportGivenUp(bullJob: Job | undefined, error: Error): void {
    if (error instanceof FailedAttemptError || error instanceof GivenUpError) return;
    this.report(error);
    const job = bullJob === undefined ? undefined : toJob(bullJob.data);
    if (job === undefined) return;
    void this.tell(this.options.onFailed?.(job, parseFailure(error.message), true));
  }

  private async tell(told: Promise<void> | undefined): Promise<void> {
    await told?.catch((error: unknown) => {
      this.report(error);
    });
  }

  private report(error: unknown): void {
    this.options.onError?.(error instanceof Error ? error : new Error(String(error)));
  }
}

function toJob(data: unknown): SeparationJob | undefined {
  try {
    return parseSeparationJob(data);
  } catch {
    return undefined;
  }
}

function parseOrGiveUp(data: unknown): SeparationJob {
  try {
    return parseSeparationJob(data);
  } catch (error) {
    throw new GivenUpError(describeFailure(error));
  }
}

/**
 * After a wiped Redis, a worker can get a job that it still runs. BullMQ tracks only one lock for each id, so the second
 * run waits for the first, then gives the job back: its next run finds the result of the first.
 */
async function handBackAfter(earlier: JobRun, run: JobRun): Promise<never> {
  await Promise.race([earlier.ended, untilAborted(run.signal)]);
  run.signal.throwIfAborted();
  throw new HandedBackError();
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}

/** Settles with the handler, or rejects a while after the signal if the handler ignores it. */
function orAbandoned(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const onAbort = (): void => {
      timer = setTimeout(() => {
        reject(new Error('the handler did not end after its signal'));
      }, ABORT_MS);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    });
  });
}
