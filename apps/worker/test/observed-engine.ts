import { loadWorkerConfig, type EngineConfig } from '@app/config';
import {
  ENGINE_TIMINGS,
  EngineClient,
  type EngineObserver,
  type EngineState,
  type EngineTimings,
} from '../src/engine/engine.client.js';
import type { EngineEnd } from '../src/engine/engine-process.js';
import type { EngineSeparation } from '../src/engine/protocol.js';
import { ENGINE_CACHE } from '../../../test/support/service/engine-cache.js';
import { waitUntil } from '../../../test/support/wait-until.js';
import { scriptEngine } from './scripted-engine.js';

/** A client of a real child process that records its events. The caller owns the folder and calls `close`. */
export class ObservedEngine implements EngineObserver {
  readonly states: EngineState[] = [];
  readonly ends: EngineEnd[] = [];
  readonly lines: string[] = [];
  readonly client: EngineClient;

  private constructor(
    readonly folder: string,
    config: EngineConfig,
    timings: Partial<EngineTimings>,
  ) {
    this.client = new EngineClient(config, this, { ...ENGINE_TIMINGS, ...timings });
  }

  /** The real engine with the demo model. */
  static demo(folder: string, env: Record<string, string> = {}, timings: Partial<EngineTimings> = {}): ObservedEngine {
    return ObservedEngine.start(folder, env, timings);
  }

  /** A scripted engine. @param body Python */
  static async scripted(folder: string, body: string, timings: Partial<EngineTimings> = {}): Promise<ObservedEngine> {
    return ObservedEngine.start(folder, { PYTHONPATH: await scriptEngine(folder, body) }, timings);
  }

  private static start(folder: string, env: Record<string, string>, timings: Partial<EngineTimings>): ObservedEngine {
    // another engine than the installed one
    const { PYTHONPATH = '' } = process.env;
    const common = { PATH: '/usr/bin:/bin', PYTHONPATH, MODEL: 'demo', ENGINE_CACHE_DIR: ENGINE_CACHE };
    const settings = { ...common, DATA_DIR: folder, ...env };
    const engine = new ObservedEngine(folder, loadWorkerConfig(settings).engine, timings);
    engine.client.start();
    return engine;
  }

  stateChanged(state: EngineState): void {
    this.states.push(state);
  }

  ended(end: EngineEnd): void {
    this.ends.push(end);
  }

  memoryUsed(): void {
    // not recorded
  }

  log(line: string): void {
    this.lines.push(line);
  }

  async untilReady(): Promise<void> {
    await waitUntil(`the engine is ready: ${this.lines.join('\n')}`, () => this.client.state.state === 'ready', {
      deadlineMs: 25_000,
    });
  }

  separation(input: string, id = 'job'): EngineSeparation {
    const { folder } = this;
    const stems = ['vocals', 'drums', 'bass', 'other'];
    return { id, requestId: 'request', input, outputDir: folder, model: 'demo', stems, overlap: 0.25, shifts: 0 };
  }

  async close(): Promise<void> {
    await this.client.stop();
  }
}
