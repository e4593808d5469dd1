import type { WorkerConfig } from '@app/config';
import { runWithLogContext, type Logger } from '@app/logging';
import { SeparationWorker, type SeparationJob } from '@app/queue';
import type { RedisConnections } from '@app/redis';
import type { Failure } from '@app/separations';
import type { SeparationStore } from '@app/separation-store';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { EngineClient, EngineState } from './engine/engine.client.js';
import type { WorkerMetrics } from './metrics/worker-metrics.js';
import { MessageThrottle } from './message-throttle.js';
import type { PresenceAnnouncer } from './presence-announcer.js';
import type { Scratch } from './separation/scratch.js';
import type { SeparationProcessor } from './separation/separation.processor.js';

interface WorkerParts {
  readonly config: WorkerConfig;
  readonly connections: RedisConnections;
  readonly separations: SeparationStore;
  readonly engine: EngineClient;
  readonly processor: SeparationProcessor;
  readonly announcer: PresenceAnnouncer;
  readonly scratch: Scratch;
  readonly metrics: WorkerMetrics;
  readonly logger: Logger;
}

/** The life of the worker: takes jobs once the engine is ready, and shuts down in an order that loses nothing. */
export class WorkerService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly worker: SeparationWorker;
  private readonly queueErrors: MessageThrottle;
  private started: Promise<void> | undefined;

  constructor(private readonly parts: WorkerParts) {
    const { config, connections, processor, logger, metrics } = parts;
    this.queueErrors = new MessageThrottle((message) => logger.warn(`queue: ${message}`));
    this.worker = new SeparationWorker(connections, (job, context) => processor.handle(job, context), {
      concurrency: config.concurrency + config.prefetch,
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
  }

  get engine(): EngineClient {
    return this.parts.engine;
  }

  async onApplicationBootstrap(): Promise<void> {
    const { scratch, engine, announcer, logger } = this.parts;
    const orphans = await scratch.removeOrphans();
    if (orphans > 0) logger.warn(`removed scratch folders of killed workers: ${orphans}`);
    engine.start();
    announcer.start();
  }

  /** Starts taking jobs when the engine is first ready. */
  onEngineState(state: EngineState): void {
    this.parts.announcer.announce();
    if (state.state !== 'ready' || this.started !== undefined) return;
    this.started = this.worker.start().catch((error: unknown) => {
      this.started = undefined;
      this.parts.logger.error('cannot read the queue', { error });
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    const { config, engine, announcer, scratch } = this.parts;
    await announcer.stop();
    await this.started;
    await this.worker.close({ graceMs: config.shutdownGraceSeconds * 1000 });
    await engine.stop();
    await scratch.close();
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
