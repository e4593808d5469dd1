import { RetryableJobError, UnfitWorkerError, type SeparationWorker } from '@app/queue';
import type { FailureCode } from '@app/separations';
import { Readiness, type Health } from '@app/server';
import type { Logger } from '@app/logging';

const INTERVAL_MS = 5000;

/** what may be at fault when an attempt fails with the code; a crash is the song's fault until proven otherwise */
const SUSPECTS: Partial<Record<FailureCode, readonly string[]>> = {
  engine_unavailable: ['engine'],
  storage_unavailable: ['store'],
  out_of_disk: ['scratch', 'store'],
  ffmpeg_killed: ['ffmpeg'],
  // an ffmpeg that hangs runs into a time limit
  internal: ['scratch', 'ffmpeg'],
};

/**
 * Keeps an unfit worker from the queue: it takes no job while its engine is not ready, ffmpeg does not run, its scratch
 * folder is full or gone, or the store does not answer. Otherwise it would fail song after song beside a healthy worker.
 */
export class Fitness {
  private timer: NodeJS.Timeout | undefined;
  private isPaused = false;
  private isStopped = false;
  private checking: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly readiness: Readiness,
    private readonly worker: Pick<SeparationWorker, 'pause' | 'resume'>,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.timer = setInterval(() => void this.check(), INTERVAL_MS);
  }

  /** Waits for a running check: it must not write into a scratch folder that is being removed. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.isStopped = true;
    await this.checking;
  }

  /** Pauses or resumes the worker. Call it whenever something may have changed. */
  check(): Promise<Health> {
    if (this.isStopped) return Promise.resolve({ status: 'ok', checks: {} });
    // one after the other: a look that began before a fault does not tell of it
    const checking = this.checking.then(() => this.look());
    this.checking = checking.catch(() => undefined);
    return checking;
  }

  /** The error of a failed attempt, or UnfitWorkerError if this worker and not the song is at fault. */
  async blame(error: unknown): Promise<unknown> {
    const suspects = error instanceof RetryableJobError ? SUSPECTS[error.code] : undefined;
    if (suspects === undefined) return error;
    const found = describe(await this.check(), suspects);
    return found.length === 0 ? error : new UnfitWorkerError(found.join('; '), { cause: error });
  }

  private async look(): Promise<Health> {
    const health = await this.readiness.check();
    const isFit = health.status === 'ok';
    if (isFit === this.isPaused) {
      this.isPaused = !isFit;
      if (isFit) this.logger.info('takes songs again');
      else this.logger.warn(`takes no songs: ${describe(health).join('; ')}`);
      await (isFit ? this.worker.resume() : this.worker.pause());
    }
    return health;
  }
}

function describe({ checks }: Health, names: readonly string[] = Object.keys(checks)): string[] {
  return names.flatMap((name) => {
    const check = checks[name];
    return check?.status === 'down' ? [`${name}: ${check.reason}`] : [];
  });
}
