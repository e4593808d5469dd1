import type { Logger } from '@app/logging';
import type { ThroughputStats, WorkerAnnouncement, WorkerPresence } from '@app/fleet';
import { findKnownModel, licenceOf, type Manifest, type ModelDescription } from '@app/separations';
import type { EngineState } from './engine/engine.client.js';
import type { EngineModel, EngineReady } from './engine/protocol.js';

const INTERVAL_MS = 5000;

/** Announces this worker in Redis for rest-server: its presence, its models and its speed. */
export class PresenceAnnouncer {
  private readonly factors = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly identity: Pick<WorkerAnnouncement, 'workerId' | 'queue' | 'engines'>,
    private readonly presence: WorkerPresence,
    private readonly throughput: ThroughputStats,
    private readonly engineState: () => EngineState,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.timer = setInterval(() => {
      this.announce();
    }, INTERVAL_MS);
    this.announce();
  }

  /** Retires this worker at once. Without Redis, its announcement expires on its own. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.presence.retire(this.identity.workerId).catch(() => undefined);
  }

  /** A worker without a ready engine does not announce itself. */
  announce(): void {
    const state = this.engineState();
    if (state.state !== 'ready') return;
    this.bestEffort('announce this worker', this.presence.announce(this.describe(state.facts)));
  }

  recordThroughput({ model, input, seconds }: Manifest): void {
    const { fetch, decode, separate, encode, store } = seconds;
    if (separate > 0) this.factors.set(model, input.durationSeconds / separate);
    const wallSeconds = fetch + decode + separate + encode + store;
    this.bestEffort('record the throughput', this.throughput.record(model, input.durationSeconds, wallSeconds));
  }

  private describe(facts: EngineReady): WorkerAnnouncement {
    const models = facts.models.flatMap((model) => describeModel(model) ?? []);
    const { device, backend, precision } = facts;
    const realTimeFactor = Object.fromEntries(models.map(({ name }) => [name, this.factors.get(name) ?? null]));
    return { ...this.identity, models, device, backend, precision, realTimeFactor };
  }

  // an outage of Redis must not disturb the work
  private bestEffort(action: string, call: Promise<void>): void {
    call.catch((error: unknown) => this.logger.debug(`cannot ${action}`, { error }));
  }
}

/** undefined for weights without a signature: the ids of their separations would not be unique */
function describeModel({ name, stems, signature, overlap }: EngineModel): ModelDescription | undefined {
  const known = findKnownModel(name);
  if (known !== undefined) return { ...known, stems };
  if (signature.length === 0) return undefined;
  const { text, class: licenceClass } = licenceOf(name);
  return { name, stems, weights: signature.join('+'), licence: text, licenceClass, overlap, relativeCost: 1 };
}
