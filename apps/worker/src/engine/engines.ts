import { Semaphore } from '@app/concurrency';
import type { EngineConfig } from '@app/config';
import type { EngineClient, EngineState, SeparatedMix, SeparateOptions } from './engine.client.js';
import type { EngineSeparation } from './protocol.js';

interface Slot {
  readonly engine: EngineClient;
  readonly permits: Semaphore;
  /** separations that run in it or wait for it */
  jobs: number;
}

/** The settings of each engine of a worker. With several, each sees one GPU only. */
export function engineConfigs(config: EngineConfig): readonly EngineConfig[] {
  if (config.engines === 1) return [config];
  const visible = config.environment['CUDA_VISIBLE_DEVICES']?.split(',') ?? [];
  return Array.from({ length: config.engines }, (_, at) => ({
    ...config,
    environment: { ...config.environment, CUDA_VISIBLE_DEVICES: visible[at]?.trim() ?? String(at) },
  }));
}

/** The engines of a worker, one for each GPU. A separation runs in the one that has the fewest. */
export class Engines {
  private readonly slots: readonly Slot[];

  /** @param concurrency separations at once in each engine */
  constructor(engines: readonly EngineClient[], concurrency: number) {
    this.slots = engines.map((engine) => ({ engine, permits: new Semaphore(concurrency), jobs: 0 }));
  }

  /** Ready if any engine is: the others may come back. */
  get state(): EngineState {
    return this.first.engine.state;
  }

  /** How many are ready. */
  get ready(): number {
    return this.slots.filter(isReady).length;
  }

  /** @throws EngineUnavailableError with a reason while no engine is ready */
  ping(): Promise<void> {
    return this.first.engine.ping();
  }

  start(): void {
    for (const { engine } of this.slots) engine.start();
  }

  /** @throws what `EngineClient.separate` throws */
  async separate(separation: EngineSeparation, options: SeparateOptions): Promise<SeparatedMix> {
    const { slots, first } = this;
    // with none ready, it waits for one that starts
    const able = slots.filter(isReady);
    const slot = able.reduce((fewest, one) => (one.jobs < fewest.jobs ? one : fewest), able[0] ?? first);
    slot.jobs += 1;
    try {
      return await slot.permits.run(() => slot.engine.separate(separation, options), options.signal);
    } finally {
      slot.jobs -= 1;
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.slots.map(({ engine }) => engine.stop()));
  }

  private get first(): Slot {
    const [one] = this.slots;
    if (one === undefined) throw new Error('a worker has an engine');
    return this.slots.find(isReady) ?? one;
  }
}

function isReady({ engine }: Slot): boolean {
  return engine.state.state === 'ready';
}
