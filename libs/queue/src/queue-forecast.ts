import { type QueueKeys, type RedisConnections, allReplies, json } from '@app/redis';
import { parseJobProgress, parseStoredJob, type SeparationJob } from './separation-job.js';
import { queuedIds } from './turns/queued-ids.js';
import type { ThroughputStats, WorkerPresence } from '@app/fleet';

/** one read of the whole queue serves all calls within this time */
const FRESH_MS = 500;

/** Seconds until the job at this position is done, or null if unknown. */
export type Estimate = (job: SeparationJob, position: number) => number | null;

export interface Outlook {
  /** live workers that take songs of the queue */
  readonly workers: number;
  readonly estimate: Estimate;
}

interface Work {
  readonly model: string;
  /** seconds of song left to separate */
  readonly audioSeconds: number;
}

/** Estimates how long the waiting jobs of a queue will take, from the measured speed of its workers. */
export class QueueForecast {
  private latest: { readonly takenAt: number; readonly outlook: Promise<Outlook> } | undefined;

  constructor(
    private readonly connections: RedisConnections,
    private readonly speeds: ThroughputStats,
    private readonly workers: WorkerPresence,
    private readonly keys: QueueKeys,
  ) {}

  /** @throws RedisUnavailableError */
  outlook(): Promise<Outlook> {
    if (this.latest === undefined || performance.now() - this.latest.takenAt > FRESH_MS) {
      this.latest = { takenAt: performance.now(), outlook: this.look() };
    }
    return this.latest.outlook;
  }

  private async look(): Promise<Outlook> {
    const [queue, speeds, live] = await Promise.all([this.readQueue(), this.speeds.all(), this.workers.live()]);
    const workers = live.filter((worker) => worker.queue === this.keys.name);
    const engines = workers.reduce((total, worker) => total + worker.engines, 0);
    return { workers: workers.length, estimate: estimator(queue, speeds, engines) };
  }

  private async readQueue(): Promise<{ active: Work[]; waiting: Work[] }> {
    const { keys } = this;
    return this.connections.call(async (redis) => {
      const { active, waiting } = await queuedIds(redis, keys);
      const read = async (ids: readonly string[], toWork: (fields: unknown) => Work[]): Promise<Work[]> => {
        const jobs = redis.pipeline();
        for (const id of ids) jobs.hmget(keys.key(id), 'data', 'progress');
        return allReplies(await jobs.exec()).flatMap(toWork);
      };
      return { active: await read(active, rest), waiting: await read(waiting, whole) };
    });
  }
}

/**
 * The engines of all workers share the work ahead of the job, then one of them does it:
 * (seconds of work ahead) / engines + its own seconds.
 */
export function estimator(
  queue: { readonly active: readonly Work[]; readonly waiting: readonly Work[] },
  speeds: ReadonlyMap<string, number>,
  engines: number,
): Estimate {
  // a model that was never measured has no speed: the sum becomes NaN and the answer null
  const seconds = ({ model, audioSeconds }: Work): number => audioSeconds * (speeds.get(model) ?? Number.NaN);
  const before = [queue.active.reduce((sum, work) => sum + seconds(work), 0)];
  for (const work of queue.waiting) before.push((before.at(-1) ?? 0) + seconds(work));
  return (job, position) => {
    const ahead = before[Math.min(position, before.length) - 1] ?? 0;
    const eta = ahead / engines + seconds({ model: job.model, audioSeconds: job.durationSeconds });
    return Number.isFinite(eta) ? Math.round(eta * 10) / 10 : null;
  };
}

function whole(fields: unknown): Work[] {
  const job = parseStoredJob(Array.isArray(fields) ? fields[0] : undefined);
  return job === undefined ? [] : [{ model: job.model, audioSeconds: job.durationSeconds }];
}

function rest(fields: unknown): Work[] {
  const { percent } = parseJobProgress(json(Array.isArray(fields) ? fields[1] : undefined));
  return whole(fields).map(({ model, audioSeconds }) => ({ model, audioSeconds: audioSeconds * (1 - percent / 100) }));
}
