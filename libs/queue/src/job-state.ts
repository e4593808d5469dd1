import type { SeparationId } from '@app/separations';
import type { Outlook, QueueForecast } from './queue-forecast.js';
import { type RedisConnections, allReplies, json } from '@app/redis';
import { parseJobProgress, parseStoredJob, type JobProgress, type SeparationJob } from './separation-job.js';

/** Where a live job stands. */
export type JobState =
  | {
      readonly status: 'queued';
      /** 1 for the next job */
      readonly position: number;
      /** seconds until it is done; null if unknown */
      readonly etaSeconds: number | null;
      /** live workers */
      readonly workers: number;
    }
  | { readonly status: 'processing'; readonly startedAt: string; readonly progress: JobProgress };

interface LiveJob {
  readonly job: SeparationJob;
  readonly active: boolean;
  /** 1 for the next job; 0 while it is active */
  readonly position: number;
  readonly progress: unknown;
  readonly processedOn: unknown;
}

const NOT_NEEDED: Outlook = { workers: 0, estimate: () => null };

/** one call to Redis for all ids, plus one for the whole queue if any of them is waiting */
export async function readJobStates(
  ids: readonly SeparationId[],
  connections: RedisConnections,
  forecast: QueueForecast,
): Promise<Map<SeparationId, JobState>> {
  const states = new Map<SeparationId, JobState>();
  if (ids.length === 0) return states;
  const jobs = await readLiveJobs(ids, connections);
  const { workers, estimate } = jobs.some(({ active }) => !active) ? await forecast.outlook() : NOT_NEEDED;
  for (const { job, active, position, progress, processedOn } of jobs) {
    states.set(
      job.id,
      active
        ? { status: 'processing', startedAt: isoDate(processedOn), progress: parseJobProgress(progress) }
        : { status: 'queued', position, etaSeconds: estimate(job, position), workers },
    );
  }
  return states;
}

async function readLiveJobs(ids: readonly SeparationId[], connections: RedisConnections): Promise<LiveJob[]> {
  const { keys } = connections;
  const replies = await connections.call(async (redis) => {
    const glance = redis.multi().llen(keys.queue('wait')).zcard(keys.queue('prioritized'));
    for (const id of ids) {
      glance
        .hmget(keys.job(id), 'data', 'progress', 'processedOn')
        .lpos(keys.queue('active'), id)
        .lpos(keys.queue('wait'), id)
        .zrank(keys.queue('prioritized'), id)
        .zrank(keys.queue('delayed'), id);
    }
    return allReplies(await glance.exec());
  });
  const [first, inTurn] = [Number(replies[0]), Number(replies[1])];
  return ids.flatMap((_, index) => {
    const [fields, activeAt, waitAt, turnAt, delayedAt] = replies.slice(2 + index * 5, 7 + index * 5);
    const active = typeof activeAt === 'number';
    const position = active ? 0 : queuePosition({ first, inTurn }, waitAt, turnAt, delayedAt);
    if (position === undefined || !Array.isArray(fields)) return [];
    const [data, progress, processedOn] = fields as unknown[];
    const job = parseStoredJob(data);
    return job === undefined ? [] : [{ job, active, position, progress: json(progress), processedOn }];
  });
}

/** the order of `queuedIds`; jobs that wait for a retry follow all others */
function queuePosition(
  { first, inTurn }: { readonly first: number; readonly inTurn: number },
  waitAt: unknown,
  turnAt: unknown,
  delayedAt: unknown,
): number | undefined {
  if (typeof waitAt === 'number') return first - waitAt;
  if (typeof turnAt === 'number') return first + turnAt + 1;
  return typeof delayedAt === 'number' ? first + inTurn + delayedAt + 1 : undefined;
}

function isoDate(milliseconds: unknown): string {
  const date = new Date(Number(milliseconds ?? Number.NaN));
  return (Number.isNaN(date.getTime()) ? new Date() : date).toISOString();
}
