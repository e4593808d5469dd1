import type { Ffmpeg } from '@app/audio';
import type { WorkerConfig } from '@app/config';
import { runWithLogContext, type Logger } from '@app/logging';
import {
  AnalysisWorker,
  SeparationWorker,
  type JobContext,
  type SeparationJob,
  type SeparationQueue,
} from '@app/queue';
import type { RedisConnections } from '@app/redis';
import type { Failure } from '@app/separations';
import type { SeparationStore } from '@app/separation-store';
import { Readiness } from '@app/server';
import type { ObjectStore } from '@app/storage';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { AnalysisProcessor } from './analysis/analysis.processor.js';
import type { EngineState } from './engine/engine.client.js';
import type { Engines } from './engine/engines.js';
import { Fitness } from './fitness.js';
import { Forwarding } from './forwarding.js';
import type { WorkerMetrics } from './metrics/worker-metrics.js';
import { MessageThrottle } from './message-throttle.js';
import type { PresenceAnnouncer } from './presence-announcer.js';
import type { Scratch } from './separation/scratch.js';
import type { SeparationProcessor } from './separation/separation.processor.js';

/** generous: a slow answer is no reason to take no songs */
const FITNESS_TIMEOUT_MS = 5000;
/** each takes as much scratch space as a separation, and one core of the engine's */
const ANALYSES_AT_ONCE = 1;

interface WorkerParts {
  readonly config: WorkerConfig;
  readonly connections: RedisConnections;
  readonly queue: SeparationQueue;
  readonly separations: SeparationStore;
  readonly store: ObjectStore;
  readonly engine: Engines;
  readonly ffmpeg: Ffmpeg;
  readonly processor: SeparationProcessor;
  readonly analyzing: AnalysisProcessor;
  readonly announcer: PresenceAnnouncer;
  readonly scratch: Scratch;
  readonly metrics: WorkerMetrics;
  readonly logger: Logger;
}

/** The life of the worker: takes jobs while it is fit for them, and shuts down in an order that loses nothing. */
export class WorkerService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly fitness: Fitness;
  private readonly worker: SeparationWorker;
  private readonly analyses: AnalysisWorker;
  private readonly forwarding: Forwarding;
  private readonly queueErrors: MessageThrottle;
  private started: Promise<void> | undefined;

  constructor(private readonly parts: WorkerParts) {
    const { config, connections, queue, engine, ffmpeg, scratch, store, logger, metrics, analyzing } = parts;
    this.forwarding = new Forwarding(queue, config.queue, logger);
    this.queueErrors = new MessageThrottle((message) => logger.warn(`queue: ${message}`));
    this.worker = new SeparationWorker(connections, (job, context) => this.handle(job, context), {
      queue: config.queue,
      concurrency: config.concurrency * config.engine.engines + config.prefetch,
      onFailed: (job, failure, final) => this.failed(job, failure, final),
      onCancelled: (job) => this.cancelled(job),
      onLost: (job) => {
        metrics.ended('lost');
        inContext(job, () => logger.warn('another worker took the job'));
      },
      onError: (error) => {
        this.queueErrors.report(error);
      },
    });
    this.analyses = new AnalysisWorker(connections, (job, context) => analyzing.handle(job, context), {
      concurrency: ANALYSES_AT_ONCE,
      onError: (error) => {
        this.queueErrors.report(error);
      },
    });
    const checks = {
      engine: () => engine.ping(),
      ffmpeg: (signal: AbortSignal) => ffmpeg.ping({ signal }),
      scratch: () => scratch.check(),
      store: (signal: AbortSignal) => store.ping({ signal }),
    };
    this.fitness = new Fitness(new Readiness(checks, FITNESS_TIMEOUT_MS), this.worker, logger);
  }

  get engine(): Engines {
    return this.parts.engine;
  }

  get scratch(): Scratch {
    return this.parts.scratch;
  }

  async onApplicationBootstrap(): Promise<void> {
    const { scratch, engine, announcer, logger } = this.parts;
    const orphans = await scratch.removeOrphans();
    if (orphans > 0) logger.warn(`removed scratch folders of killed workers: ${orphans}`);
    engine.start();
    announcer.start();
    this.fitness.start();
  }

  /** Starts taking jobs when the engine is first ready. */
  onEngineState(state: EngineState): void {
    this.parts.announcer.announce();
    void this.fitness.check();
    if (state.state !== 'ready' || this.started !== undefined) return;
    this.analyses.start();
    this.started = this.worker.start().catch((error: unknown) => {
      this.started = undefined;
      this.parts.logger.error('cannot read the queue', { error });
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    const { config, engine, announcer, scratch } = this.parts;
    await this.fitness.stop();
    await announcer.stop();
    await this.started;
    const analysesEnd = this.analyses.close();
    await this.worker.close({ graceMs: config.shutdownGraceSeconds * 1000 });
    await analysesEnd;
    await engine.stop();
    await scratch.close();
  }

  private async handle(job: SeparationJob, context: JobContext): Promise<void> {
    if (await inContext(job, () => this.forwarding.passOn(job))) return;
    try {
      await this.parts.processor.handle(job, context);
    } catch (error) {
      const cause = await this.fitness.blame(error);
      if (cause !== error) inContext(job, () => this.parts.logger.warn(`gives the song back: ${String(cause)}`));
      throw cause;
    }
  }

  private async failed(job: SeparationJob, failure: Failure, final: boolean): Promise<void> {
    const { separations, metrics, logger } = this.parts;
    await inContext(job, async () => {
      if (final) await separations.fail(job, failure);
      metrics.ended(final ? 'failed' : 'retried');
      logger.log(final ? 'error' : 'warn', `${final ? 'failed' : 'will retry'}: ${failure.message}`, {
        code: failure.code,
      });
    });
  }

  private async cancelled(job: SeparationJob): Promise<void> {
    const { separations, metrics, logger } = this.parts;
    await inContext(job, async () => {
      await separations.cancel(job);
      await separations.removeResults(job);
      metrics.ended('cancelled');
      logger.info('cancelled');
    });
  }
}

function inContext<T>({ id: separationId, requestId }: SeparationJob, work: () => T): T {
  return runWithLogContext({ requestId, separationId }, work);
}
