import type { Logger } from '@app/logging';
import type { ThroughputStats, WorkerAnnouncement, WorkerPresence } from '@app/fleet';
import { findKnownModel, type Manifest, type ModelDescription } from '@app/separations';
import type { EngineState } from './engine/engine.client.js';
import type { EngineModel, EngineReady } from './engine/protocol.js';

const EVERY_MS = 5000;

/** Tells rest-server, by way of Redis, that this worker lives, what it can do, and how fast it is. */
export class Announcer {
  private readonly factors = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly workerId: string,
    private readonly registry: WorkerPresence,
    private readonly speeds: ThroughputStats,
    private readonly engineState: () => EngineState,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.timer = setInterval(() => {
      this.announce();
    }, EVERY_MS);
    this.announce();
  }

  /** Says at once that the worker is gone; where Redis is away, its announcement ends by itself. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.registry.retire(this.workerId).catch(() => undefined);
  }

  /** A worker without an engine does not count as one. */
  announce(): void {
    const state = this.engineState();
    if (state.state !== 'ready') return;
    this.tell('announce this worker', this.registry.announce(this.describe(state.facts)));
  }

  measured({ model, input, seconds }: Manifest): void {
    const { fetch, decode, separate, encode, store } = seconds;
    if (separate > 0) this.factors.set(model, input.durationSeconds / separate);
    const wallSeconds = fetch + decode + separate + encode + store;
    this.tell('record the speed', this.speeds.record(model, input.durationSeconds, wallSeconds));
  }

  private describe(facts: EngineReady): WorkerAnnouncement {
    const models = facts.models.flatMap((model) => describeModel(model) ?? []);
    const { device, backend, precision } = facts;
    const realTimeFactor = Object.fromEntries(models.map(({ name }) => [name, this.factors.get(name) ?? null]));
    return { workerId: this.workerId, models, device, backend, precision, realTimeFactor };
  }

  // a courtesy to the API: an outage of Redis must not disturb the work
  private tell(what: string, call: Promise<void>): void {
    call.catch((error: unknown) => this.logger.debug(`could not ${what}`, { error }));
  }
}

/** undefined for a model whose weights nobody names: its separations could not be told from those of other weights */
function describeModel({ name, stems, signature }: EngineModel): ModelDescription | undefined {
  const known = findKnownModel(name);
  if (known !== undefined) return { ...known, stems };
  if (signature.length === 0) return undefined;
  return { name, stems, weights: signature.join('+'), licence: 'unknown', relativeCost: 1 };
}
