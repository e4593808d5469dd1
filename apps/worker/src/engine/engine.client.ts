import { setTimeout as delay } from 'node:timers/promises';
import type { EngineConfig } from '@app/config';
import { EngineJob, type EngineJobOptions } from './engine-job.js';
import { EngineProcess, type EngineEnd, type EngineProcessOptions } from './engine-process.js';
import { EngineLostError, EngineUnavailableError } from './engine.errors.js';
import type { EngineMessage, EngineReady, EngineResult, EngineSeparation } from './protocol.js';
import { RestartDelay } from './restart-delay.js';

export type EngineState =
  | { readonly state: 'starting' }
  | { readonly state: 'ready'; readonly facts: EngineReady }
  | { readonly state: 'unavailable'; readonly reason: string }
  | { readonly state: 'stopped' };

export interface EngineTimings extends EngineProcessOptions {
  readonly cancelMs: number;
  /** how long a separation waits for an engine that starts */
  readonly startWaitMs: number;
}

export const ENGINE_TIMINGS: EngineTimings = {
  // a big model from a cold disk, checked, and compiled for a GPU
  readyMs: 300_000,
  silenceMs: 10_000,
  // a cancel has to end the work within 2 s, whatever the engine does
  cancelMs: 1500,
  startWaitMs: 120_000,
};

/** What the rest of the worker wants to know of the engine's life. */
export interface EngineObserver {
  state(state: EngineState): void;
  ended(end: EngineEnd, retryInMs: number): void;
  memory(bytes: number): void;
  log(line: string, stream: 'stdout' | 'stderr'): void;
}

export type SeparatedMix = EngineResult & { readonly engineVersion: string };

export type SeparateOptions = Pick<EngineJobOptions, 'signal' | 'stallMs' | 'onProgress'>;

/** Keeps one engine process alive, and runs separations in it. */
export class EngineClient {
  private readonly jobs = new Map<string, EngineJob>();
  private readonly stopping = new AbortController();
  private readonly restartDelay = new RestartDelay();
  private readonly waiting = new Set<() => void>();
  private current: EngineState = { state: 'starting' };
  private process: EngineProcess | undefined;
  private supervision: Promise<void> = Promise.resolve();
  private tooBig = false;

  constructor(
    private readonly config: EngineConfig,
    private readonly observer: EngineObserver,
    private readonly timings: EngineTimings = ENGINE_TIMINGS,
  ) {}

  get state(): EngineState {
    return this.current;
  }

  /** @throws EngineUnavailableError with the reason while the engine cannot take work */
  ping(): Promise<void> {
    const { current } = this;
    if (current.state === 'ready') return Promise.resolve();
    throw new EngineUnavailableError(current.state === 'unavailable' ? current.reason : current.state);
  }

  /** Starts the engine and keeps it alive until `stop`; what goes wrong is told to the observer. */
  start(): void {
    this.supervision = this.supervise();
  }

  /**
   * Runs one separation to its end; the id must not run already.
   * @throws EngineFailureError when the engine answers with an error, EngineLostError when it ends or hangs,
   * EngineUnavailableError when there is none, and the signal's reason, once nothing of the job runs any more.
   */
  async separate(separation: EngineSeparation, options: SeparateOptions): Promise<SeparatedMix> {
    const { engine, facts } = await this.untilReady(options.signal);
    options.signal.throwIfAborted();
    const job = new EngineJob(engine, separation, { ...options, cancelMs: this.timings.cancelMs });
    this.jobs.set(separation.id, job);
    try {
      return { ...(await job.outcome), engineVersion: facts.engineVersion };
    } finally {
      this.jobs.delete(separation.id);
      this.recycleBigEngine();
    }
  }

  /** Ends the engine and its group, and starts none any more. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.process?.end({ cause: 'stopped', message: 'the worker stops' });
    await this.supervision;
    this.become({ state: 'stopped' });
  }

  private async supervise(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      let readySince: number | undefined;
      const end = await new Promise<EngineEnd>((resolve) => {
        this.process = new EngineProcess(
          this.config,
          {
            ready: (facts) => {
              readySince = performance.now();
              this.observer.memory(facts.memoryBytes);
              this.become({ state: 'ready', facts });
            },
            message: (message) => {
              this.take(message);
            },
            log: (line, stream) => {
              this.observer.log(line, stream);
            },
            ended: resolve,
          },
          this.timings,
        );
      });
      const pause = this.restartDelay.after(end, readySince === undefined ? 0 : performance.now() - readySince);
      this.loseAll(end, pause);
      await delay(pause, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  private loseAll(end: EngineEnd, retryInMs: number): void {
    this.process = undefined;
    this.tooBig = false;
    this.become(end.cause === 'refused' ? { state: 'unavailable', reason: end.message } : { state: 'starting' });
    if (!this.stopping.signal.aborted) this.observer.ended(end, retryInMs);
    const code = end.cause === 'hung' ? 'engine_hung' : 'engine_crashed';
    for (const job of this.jobs.values()) job.lose(new EngineLostError(code, end.message));
  }

  private take(message: Exclude<EngineMessage, EngineReady>): void {
    if (message.type === 'heartbeat') {
      this.observer.memory(message.memoryBytes);
      const limit = this.config.maxMemoryBytes;
      this.tooBig = limit > 0 && message.memoryBytes > limit;
      this.recycleBigEngine();
    } else if (message.id !== null) {
      this.jobs.get(message.id)?.take(message);
    }
  }

  /** Between jobs, so that none is lost by it. */
  private recycleBigEngine(): void {
    if (!this.tooBig || this.jobs.size > 0 || this.current.state !== 'ready') return;
    this.become({ state: 'starting' });
    this.process?.end({ cause: 'stopped', message: 'the engine grew above its memory limit' });
  }

  private become(state: EngineState): void {
    this.current = state;
    this.observer.state(state);
    for (const look of [...this.waiting]) look();
  }

  private async untilReady(signal: AbortSignal): Promise<{ engine: EngineProcess; facts: EngineReady }> {
    const limit = AbortSignal.any([signal, this.stopping.signal, AbortSignal.timeout(this.timings.startWaitMs)]);
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const { current, process } = this;
        if (current.state === 'starting' && !limit.aborted) return;
        this.waiting.delete(look);
        limit.removeEventListener('abort', look);
        if (signal.aborted) reject(signal.reason as Error);
        else if (current.state === 'ready' && process !== undefined) resolve({ engine: process, facts: current.facts });
        else if (current.state === 'unavailable') reject(new EngineUnavailableError(current.reason));
        else reject(new EngineUnavailableError('the engine did not get ready in time'));
      };
      this.waiting.add(look);
      limit.addEventListener('abort', look);
      look();
    });
  }
}
