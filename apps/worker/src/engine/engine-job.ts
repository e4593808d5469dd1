import type { EngineProcess } from './engine-process.js';
import { EngineFailureError } from './engine.errors.js';
import type { EngineErrorMessage, EngineProgress, EngineResult, EngineSeparation } from './protocol.js';

export interface EngineJobOptions {
  readonly signal: AbortSignal;
  /** without new work done for so long, the engine counts as hung */
  readonly stallMs: number;
  /** how long a cancel may go without an answer */
  readonly cancelMs: number;
  readonly onProgress: (progress: EngineProgress) => void;
}

/** One separation inside the engine, from its `separate` line to its last message. */
export class EngineJob {
  private readonly done = new Set<() => void>();
  private workDone = -1;
  private stall: NodeJS.Timeout | undefined;
  private resolve: (result: EngineResult) => void;
  private reject: (error: unknown) => void;
  /** @throws EngineFailureError, EngineLostError, or the signal's reason once it has ended in the engine */
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
    this.done.add(() => {
      options.signal.removeEventListener('abort', cancel);
      clearTimeout(this.stall);
    });
    this.watchForStall();
    engine.send({ type: 'separate', ...separation });
  }

  take(message: EngineProgress | EngineResult | EngineErrorMessage): void {
    if (message.type === 'progress') {
      this.progress(message);
      return;
    }
    if (this.options.signal.aborted) this.fail(this.options.signal.reason);
    else if (message.type === 'error') this.fail(new EngineFailureError(message.code, message.message));
    else
      this.settle(() => {
        this.resolve(message);
      });
  }

  /** The engine is gone. */
  lose(error: Error): void {
    this.fail(this.options.signal.aborted ? this.options.signal.reason : error);
  }

  private progress(message: EngineProgress): void {
    if (message.doneSamples > this.workDone) {
      this.workDone = message.doneSamples;
      this.watchForStall();
    }
    this.options.onProgress(message);
  }

  private watchForStall(): void {
    clearTimeout(this.stall);
    const { stallMs } = this.options;
    this.stall = setTimeout(() => {
      this.engine.end({ cause: 'hung', message: `the engine made no progress for ${Math.round(stallMs / 1000)} s` });
    }, stallMs);
  }

  private cancel(): void {
    this.engine.send({ type: 'cancel', id: this.separation.id });
    const overdue = setTimeout(() => {
      this.engine.end({ cause: 'hung', message: 'the engine did not answer a cancel in time' });
    }, this.options.cancelMs);
    this.done.add(() => {
      clearTimeout(overdue);
    });
  }

  private fail(error: unknown): void {
    this.settle(() => {
      this.reject(error);
    });
  }

  private settle(outcome: () => void): void {
    for (const close of this.done) close();
    this.done.clear();
    outcome();
  }
}
