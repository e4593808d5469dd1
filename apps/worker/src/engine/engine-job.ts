import type { EngineProcess } from './engine-process.js';
import { EngineFailureError } from './engine.errors.js';
import type { EngineErrorMessage, EngineProgress, EngineResult, EngineSeparation } from './protocol.js';

export interface EngineJobOptions {
  readonly signal: AbortSignal;
  /** longest time for the engine to answer a cancel */
  readonly cancelMs: number;
  readonly onProgress: (progress: EngineProgress) => void;
}

/** One separation in the engine, from its `separate` line to its last message. */
export class EngineJob {
  private readonly cleanups = new Set<() => void>();
  private resolve: (result: EngineResult) => void;
  private reject: (error: unknown) => void;
  /** @throws EngineFailureError, EngineLostError, or the signal's reason once the engine has stopped the job */
  readonly outcome: Promise<EngineResult>;

  constructor(
    private readonly engine: EngineProcess,
    private readonly separation: EngineSeparation,
    private readonly options: EngineJobOptions,
  ) {
    this.outcome = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    const cancel = (): void => {
      this.cancel();
    };
    options.signal.addEventListener('abort', cancel, { once: true });
    this.cleanups.add(() => {
      options.signal.removeEventListener('abort', cancel);
    });
    engine.send({ type: 'separate', ...separation });
  }

  receive(message: EngineProgress | EngineResult | EngineErrorMessage): void {
    if (message.type === 'progress') {
      this.options.onProgress(message);
      return;
    }
    if (this.options.signal.aborted) this.fail(this.options.signal.reason);
    else if (message.type === 'error') this.fail(new EngineFailureError(message.code, message.message));
    else
      this.settle(() => {
        this.resolve(message);
      });
  }

  /** Settles the job after the engine has exited. */
  engineLost(error: Error): void {
    this.fail(this.options.signal.aborted ? this.options.signal.reason : error);
  }

  private cancel(): void {
    this.engine.send({ type: 'cancel', id: this.separation.id });
    const cancelTimer = setTimeout(() => {
      this.engine.end({
        cause: 'interrupted',
        message: `the engine did not answer a cancel within ${this.options.cancelMs} ms`,
      });
    }, this.options.cancelMs);
    this.cleanups.add(() => {
      clearTimeout(cancelTimer);
    });
  }

  private fail(error: unknown): void {
    this.settle(() => {
      this.reject(error);
    });
  }

  private settle(outcome: () => void): void {
    for (const clean of this.cleanups) clean();
    this.cleanups.clear();
    outcome();
  }
}
