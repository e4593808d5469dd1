import type { WorkerConfig } from '@app/config';
import { runWithLogContext, type Logger } from '@app/logging';
import { SeparationWorker, type SeparationJob } from '@app/queue';
import type { RedisConnections } from '@app/redis';
import type { Failure } from '@app/separations';
import type { SeparationStore } from '@app/separation-store';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { Announcer } from './announcer.js';
import type { EngineClient, EngineState } from './engine/engine.client.js';
import type { WorkerMetrics } from './metrics/worker-metrics.js';
import { RepeatedFaults } from './repeated-faults.js';
import type { Scratch } from './separation/scratch.js';
import type { SeparationProcessor } from './separation/separation.processor.js';

export interface WorkerParts {
  readonly config: WorkerConfig;
  readonly connections: RedisConnections;
  readonly separations: SeparationStore;
  readonly engine: EngineClient;
  readonly processor: SeparationProcessor;
  readonly announcer: Announcer;
  readonly scratch: Scratch;
  readonly metrics: WorkerMetrics;
  readonly logger: Logger;
}

/** The life of the worker: takes jobs once the engine is ready, and ends in an order that loses nothing. */
export class WorkerService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly worker: SeparationWorker;
  private readonly faults: RepeatedFaults;
  private taking: Promise<void> | undefined;

  constructor(private readonly parts: WorkerParts) {
    const { config, connections, processor, logger, metrics } = parts;
    this.faults = new RepeatedFaults((message) => logger.warn(`queue: ${message}`));
    this.worker = new SeparationWorker(connections, (job, context) => processor.handle(job, context), {
      concurrency: config.concurrency + config.prefetch,
      onFailed: (job, failure, final) => this.failed(job, failure, final),
      onCancelled: (job) => this.cancelled(job),
      onLost: (job) => {
        metrics.ended('lost');
        inContext(job, () => logger.warn('the job went to another worker'));
      },
      onError: (error) => {
        this.faults.report(error);
      },
    });
  }

  get engine(): EngineClient {
    return this.parts.engine;
  }

  async onApplicationBootstrap(): Promise<void> {
    const { scratch, engine, announcer, logger } = this.parts;
    const orphans = await scratch.removeOrphans();
    if (orphans > 0) logger.warn(`removed the scratch of ${orphans} killed workers`);
    engine.start();
    announcer.start();
  }

  /** A worker whose engine never got ready leaves the jobs to others. */
  engineBecame(state: EngineState): void {
    this.parts.announcer.announce();
    if (state.state !== 'ready' || this.taking !== undefined) return;
    this.taking = this.worker.start().catch((error: unknown) => {
      this.taking = undefined;
      this.parts.logger.error('the queue cannot be read', { error });
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    const { config, engine, announcer, scratch } = this.parts;
    await announcer.stop();
    await this.taking;
    await this.worker.close({ graceMs: config.shutdownGraceSeconds * 1000 });
    await engine.stop();
    await scratch.close();
  }

  private async failed(job: SeparationJob, failure: Failure, final: boolean): Promise<void> {
    const { separations, metrics, logger } = this.parts;
    await inContext(job, async () => {
      if (final) await separations.fail(job.id, failure);
      metrics.ended(final ? 'failed' : 'retried');
      logger.log(final ? 'error' : 'warn', `${final ? 'failed' : 'will be tried again'}: ${failure.message}`, {
        code: failure.code,
      });
    });
  }

  private async cancelled(job: SeparationJob): Promise<void> {
    const { separations, metrics, logger } = this.parts;
    await inContext(job, async () => {
      await separations.cancel(job.id);
      await separations.removeResults(job.id);
      metrics.ended('cancelled');
      logger.info('cancelled');
    });
  }
}

function inContext<T>({ id: separationId, requestId }: SeparationJob, work: () => T): T {
  return runWithLogContext({ requestId, separationId }, work);
}
