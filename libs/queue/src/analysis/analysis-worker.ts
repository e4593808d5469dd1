import { withTimeout } from '@app/concurrency';
import { ANALYSIS_QUEUE_NAME, type RedisConnections } from '@app/redis';
import { type Redis } from 'ioredis';
import { PatientWorker } from '../worker/patient-worker.js';
import { isAwaited, parseAnalysisJob, type AnalysisJob } from './analysis-job.js';

/** a killed worker's job goes to another one after these */
const LOCK_MS = 15_000;
const STALLED_CHECK_MS = 5000;
const CLOSE_MS = 5000;

export interface AnalysisContext {
  readonly signal: AbortSignal;
  /** whether somebody waits for it */
  readonly isAwaited: boolean;
}

/** @throws whatever speaks against this attempt; the job is tried again a few times */
export type AnalysisHandler = (job: AnalysisJob, context: AnalysisContext) => Promise<void>;

interface AnalysisWorkerOptions {
  /** jobs at once */
  readonly concurrency: number;
  /** Faults of the connection and of BullMQ; the handler tells its own. */
  readonly onError: (error: Error) => void;
}

/** Takes songs to be analyzed from their queue. */
export class AnalysisWorker {
  private readonly stop = new AbortController();
  private redis: Redis | undefined;
  private worker: PatientWorker | undefined;

  constructor(
    private readonly connections: RedisConnections,
    private readonly handler: AnalysisHandler,
    private readonly options: AnalysisWorkerOptions,
  ) {}

  /** Takes jobs from now on, whenever Redis is up. */
  start(): void {
    if (this.stop.signal.aborted || this.worker !== undefined) return;
    const { concurrency, onError } = this.options;
    this.redis = this.connections.forWorker();
    this.worker = new PatientWorker(ANALYSIS_QUEUE_NAME, ({ name, data }) => this.process(name, data), {
      connection: this.redis,
      prefix: this.connections.keys.prefix,
      concurrency,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      // after a connection fault; the default of 15 s is too long
      runRetryDelay: 1000,
    });
    this.worker.on('error', onError);
  }

  private async process(cause: string, data: unknown): Promise<void> {
    const job = parseAnalysisJob(data);
    if (job === undefined) this.options.onError(new Error('a song to be analyzed has no valid name'));
    else await this.handler(job, { signal: this.stop.signal, isAwaited: isAwaited(cause) });
  }

  /** Ends the running jobs, which another worker takes up later. Takes 5 s at most. */
  async close(): Promise<void> {
    this.stop.abort(new Error('the worker stops'));
    // waits for Redis, forever while it is down; the jobs go back when their locks expire
    await withTimeout(CLOSE_MS, async () => this.worker?.close()).catch(() => undefined);
    this.redis?.disconnect();
  }
}
