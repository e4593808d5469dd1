import { Counter, Gauge, Histogram, type Registry } from '@app/metrics';
import type { Manifest, StoredRequest } from '@app/separations';

/** how an attempt ended; `lost`: another worker took the job */
type Outcome = 'completed' | 'failed' | 'cancelled' | 'retried' | 'lost';

type AcceptedRequest = Pick<StoredRequest, 'createdAt' | 'priority'>;

/** what clients wait for, seconds. The chart's objectives (values.schema.json) must be among them */
export const WAITS = [5, 10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400] as const;

/** Metrics of the separations of this worker and of its engine. */
export class WorkerMetrics {
  private readonly outcomes: Counter<'outcome'>;
  private readonly audioSeconds: Counter<'model'>;
  private readonly stageSeconds: Histogram<'stage'>;
  private readonly firstSoundSeconds: Histogram;
  private readonly manifestSeconds: Histogram;
  private readonly realTimeFactor: Gauge<'model'>;
  private readonly engineRestarts: Counter<'cause'>;
  private readonly engineMemory: Gauge;
  private readonly memoryOf = new Map<number, number>();
  private readonly readyOf = new Map<number, number>();
  private readonly engineReady: Gauge<'queue'>;

  /** @param queue that this worker takes songs from */
  constructor(
    registry: Registry,
    private readonly queue: string,
  ) {
    const registers = [registry];
    this.outcomes = new Counter({
      name: 'separations_total',
      help: 'Attempts of this worker by outcome',
      labelNames: ['outcome'],
      registers,
    });
    this.audioSeconds = new Counter({
      name: 'separation_audio_seconds_total',
      help: 'Seconds of audio separated',
      labelNames: ['model'],
      registers,
    });
    this.stageSeconds = new Histogram({
      name: 'separation_stage_seconds',
      help: 'Wall time of each stage of a completed separation',
      labelNames: ['stage'],
      buckets: [0.05, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900, 3600],
      registers,
    });
    this.firstSoundSeconds = new Histogram({
      name: 'separation_first_sound_seconds',
      help: 'From the acceptance of a song of normal priority to the first part that can be heard, if somebody waits for it',
      buckets: [...WAITS],
      registers,
    });
    this.manifestSeconds = new Histogram({
      name: 'separation_manifest_seconds',
      help: 'From the acceptance of a song of normal priority to its manifest',
      buckets: [...WAITS],
      registers,
    });
    this.realTimeFactor = new Gauge({
      name: 'separation_real_time_factor',
      help: 'Seconds of audio per second of separation, for the last completed one',
      labelNames: ['model'],
      registers,
    });
    this.engineRestarts = new Counter({
      name: 'engine_restarts_total',
      help: 'Restarts of the engine process by cause',
      labelNames: ['cause'],
      registers,
    });
    this.engineMemory = new Gauge({ name: 'engine_memory_bytes', help: 'Memory of the engine processes', registers });
    this.engineReady = new Gauge({
      name: 'engine_ready',
      help: 'Engines that are ready: 0 or 1, unless the worker has several',
      labelNames: ['queue'],
      registers,
    });
    this.engineReady.set({ queue }, 0);
    for (const outcome of ['completed', 'failed', 'cancelled', 'retried', 'lost']) this.outcomes.inc({ outcome }, 0);
    for (const cause of ['crashed', 'hung', 'interrupted', 'refused', 'stopped']) this.engineRestarts.inc({ cause }, 0);
  }

  firstSound(request: AcceptedRequest): void {
    if (isLow(request)) return;
    this.firstSoundSeconds.observe(secondsBetween(request.createdAt, new Date().toISOString()));
  }

  completed(manifest: Manifest, request: AcceptedRequest): void {
    const { model, input, seconds } = manifest;
    if (!isLow(request)) this.manifestSeconds.observe(secondsBetween(request.createdAt, manifest.finishedAt));
    this.ended('completed');
    this.audioSeconds.inc({ model }, input.durationSeconds);
    for (const [stage, value] of Object.entries(seconds)) this.stageSeconds.observe({ stage }, value);
    if (seconds.separate > 0) this.realTimeFactor.set({ model }, input.durationSeconds / seconds.separate);
  }

  ended(outcome: Outcome): void {
    this.outcomes.inc({ outcome });
  }

  engineEnded(engine: number, cause: string): void {
    this.engineRestarts.inc({ cause });
    this.setEngineMemory(engine, 0);
  }

  setEngineMemory(engine: number, bytes: number): void {
    this.memoryOf.set(engine, bytes);
    this.engineMemory.set(sum(this.memoryOf));
  }

  setEngineReady(engine: number, isReady: boolean): void {
    this.readyOf.set(engine, isReady ? 1 : 0);
    this.engineReady.set({ queue: this.queue }, sum(this.readyOf));
  }
}

/** such songs wait by intention: they say nothing about the service */
function isLow({ priority }: AcceptedRequest): boolean {
  return priority === 'low';
}

/** clocks of two machines may differ */
function secondsBetween(from: string, to: string): number {
  return Math.max(0, Date.parse(to) - Date.parse(from)) / 1000;
}

function sum(values: ReadonlyMap<number, number>): number {
  return [...values.values()].reduce((total, value) => total + value, 0);
}
