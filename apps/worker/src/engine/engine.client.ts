import { setTimeout as delay } from 'node:timers/promises';
import type { EngineConfig } from '@app/config';
import { EngineJob, type EngineJobOptions } from './engine-job.js';
import { EngineProcess, type EngineEnd, type EngineProcessOptions } from './engine-process.js';
import { EngineLostError, EngineUnavailableError } from './engine.errors.js';
import type { EngineMessage, EngineReady, EngineResult, EngineSeparation } from './protocol.js';
import { RestartBackoff } from './restart-backoff.js';
import { WATCHDOG_LIMITS } from './watchdog.js';

export type EngineState =
  | { readonly state: 'starting' }
  | { readonly state: 'ready'; readonly facts: EngineReady }
  | { readonly state: 'unavailable'; readonly reason: string }
  | { readonly state: 'stopped' };

export interface EngineTimings extends EngineProcessOptions {
  readonly cancelMs: number;
  /** longest wait of a separation for an engine that starts */
  readonly startWaitMs: number;
}

export const ENGINE_TIMINGS: EngineTimings = {
  ...WATCHDOG_LIMITS,
  firstMessageMs: 300_000,
  // a cancel must stop the work within 2 s, whatever the engine does
  cancelMs: 1500,
  // a job that waits longer goes to another worker, if there is one
  startWaitMs: 30_000,
};

/** Gets the events of the engine. */
export interface EngineObserver {
  stateChanged(state: EngineState): void;
  ended(end: EngineEnd, retryInMs: number): void;
  memoryUsed(bytes: number): void;
  log(line: string, stream: 'stdout' | 'stderr'): void;
}

export type SeparatedMix = EngineResult & { readonly engineVersion: string };

export type SeparateOptions = Pick<EngineJobOptions, 'signal' | 'onProgress'>;

/** Keeps one engine process running, and separates songs in it. */
export class EngineClient {
  private readonly jobs = new Map<string, EngineJob>();
  private readonly stopping = new AbortController();
  private readonly backoff = new RestartBackoff();
  private readonly waiting = new Set<() => void>();
  private current: EngineState = { state: 'starting' };
  private process: EngineProcess | undefined;
  private supervision: Promise<void> = Promise.resolve();
  private exceedsMemory = false;

  constructor(
    private readonly config: EngineConfig,
    private readonly observer: EngineObserver,
    private readonly timings: EngineTimings = ENGINE_TIMINGS,
  ) {}

  get state(): EngineState {
    return this.current;
  }

  /** @throws EngineUnavailableError with the reason while the engine is not ready */
  ping(): Promise<void> {
    const { current } = this;
    if (current.state === 'ready') return Promise.resolve();
    throw new EngineUnavailableError(current.state === 'unavailable' ? current.reason : current.state);
  }

  /** Starts the engine and restarts it until `stop`; reports failures to the observer. */
  start(): void {
    this.supervision = this.supervise();
  }

  /**
   * Runs one separation; its id must not be running already.
   * @throws EngineFailureError for an error of the engine, EngineLostError if it exits or hangs, EngineUnavailableError
   * if there is none, or the signal's reason once the job has stopped
   */
  async separate(separation: EngineSeparation, options: SeparateOptions): Promise<SeparatedMix> {
    const { engine, facts } = await this.waitForReady(options.signal);
    options.signal.throwIfAborted();
    const job = new EngineJob(engine, separation, { ...options, cancelMs: this.timings.cancelMs });
    this.jobs.set(separation.id, job);
    try {
      return { ...(await job.outcome), engineVersion: facts.engineVersion };
    } finally {
      this.jobs.delete(separation.id);
      this.recycleBetweenJobs();
    }
  }

  /** Ends the engine and its process group, and starts no other. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.process?.end({ cause: 'stopped', message: 'the worker is stopping' });
    await this.supervision;
    this.setState({ state: 'stopped' });
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
              this.observer.memoryUsed(facts.memoryBytes);
              this.setState({ state: 'ready', facts });
            },
            message: (message) => {
              this.receive(message);
            },
            log: (line, stream) => {
              this.observer.log(line, stream);
            },
            ended: resolve,
          },
          this.timings,
        );
      });
      const pause = this.backoff.after(end, readySince === undefined ? 0 : performance.now() - readySince);
      this.handleEnd(end, pause);
      await delay(pause, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  private handleEnd(end: EngineEnd, retryInMs: number): void {
    this.process = undefined;
    this.exceedsMemory = false;
    this.setState(end.cause === 'refused' ? { state: 'unavailable', reason: end.message } : { state: 'starting' });
    if (!this.stopping.signal.aborted) this.observer.ended(end, retryInMs);
    for (const job of this.jobs.values()) job.engineLost(lossOf(end));
  }

  private receive(message: Exclude<EngineMessage, EngineReady>): void {
    if (message.type === 'heartbeat') {
      this.observer.memoryUsed(message.memoryBytes);
      const limit = this.config.maxMemoryBytes;
      this.exceedsMemory = limit > 0 && message.memoryBytes > limit;
      this.recycleBetweenJobs();
    } else if (message.id !== null) {
      this.jobs.get(message.id)?.receive(message);
    }
  }

  /** Ends an engine above its memory limit, but not during a job. */
  private recycleBetweenJobs(): void {
    if (!this.exceedsMemory || this.jobs.size > 0 || this.current.state !== 'ready') return;
    this.setState({ state: 'starting' });
    this.process?.end({
      cause: 'stopped',
      message: `the engine uses more than ENGINE_MAX_MEMORY_BYTES=${this.config.maxMemoryBytes}`,
    });
  }

  private setState(state: EngineState): void {
    this.current = state;
    this.observer.stateChanged(state);
    for (const check of [...this.waiting]) check();
  }

  private async waitForReady(signal: AbortSignal): Promise<{ engine: EngineProcess; facts: EngineReady }> {
    // `check` holds it: Node would collect a timeout that only a combined signal knows, and it would never fire
    const late = AbortSignal.timeout(this.timings.startWaitMs);
    const limit = AbortSignal.any([signal, this.stopping.signal, late]);
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const { current, process } = this;
        if (current.state === 'starting' && !limit.aborted && !late.aborted) return;
        this.waiting.delete(check);
        limit.removeEventListener('abort', check);
        if (signal.aborted) reject(signal.reason as Error);
        else if (current.state === 'ready' && process !== undefined) resolve({ engine: process, facts: current.facts });
        else if (current.state === 'unavailable') reject(new EngineUnavailableError(current.reason));
        else reject(new EngineUnavailableError('the engine did not become ready in time'));
      };
      this.waiting.add(check);
      limit.addEventListener('abort', check);
      check();
    });
  }
}

/** the error of a job whose engine ended */
function lossOf({ cause, message }: EngineEnd): Error {
  if (cause === 'interrupted') return new EngineUnavailableError('the engine was restarted to end another separation');
  return new EngineLostError(cause === 'hung' ? 'engine_hung' : 'engine_crashed', message);
}
