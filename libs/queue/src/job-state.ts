import type { SeparationId } from '@app/separations';
import { type RedisConnections, allReplies, json } from '@app/redis';
import type { PoolQueue } from './pool-queue.js';
import { parseJobProgress, parseStoredJob, type JobProgress, type SeparationJob } from './separation-job.js';

/** Where a live job stands. */
export type JobState =
  | {
      readonly status: 'queued';
      /** 1 for the next job */
      readonly position: number;
      /** seconds until it is done; null if unknown */
      readonly etaSeconds: number | null;
      /** live workers that take songs of its queue */
      readonly workers: number;
    }
  | { readonly status: 'processing'; readonly startedAt: string; readonly progress: JobProgress };

interface LiveJob {
  readonly queue: PoolQueue;
  readonly job: SeparationJob;
  readonly active: boolean;
  /** 1 for the next job; 0 while it is active */
  readonly position: number;
  readonly progress: unknown;
  readonly processedOn: unknown;
}

/** one call to Redis for all ids, plus one for each queue in which any of them is waiting */
export async function readJobStates(
  ids: readonly SeparationId[],
  connections: RedisConnections,
  queues: readonly PoolQueue[],
): Promise<Map<SeparationId, JobState>> {
  const states = new Map<SeparationId, JobState>();
  for (const { queue, job, active, position, progress, processedOn } of await readLiveJobs(ids, connections, queues)) {
    // it is in two queues while it moves
    if (states.get(job.id)?.status === 'processing') continue;
    if (active) {
      states.set(job.id, {
        status: 'processing',
        startedAt: isoDate(processedOn),
        progress: parseJobProgress(progress),
      });
    } else {
      const { workers, estimate } = await queue.forecast.outlook();
      states.set(job.id, { status: 'queued', position, etaSeconds: estimate(job, position), workers });
    }
  }
  return states;
}

async function readLiveJobs(
  ids: readonly SeparationId[],
  connections: RedisConnections,
  queues: readonly PoolQueue[],
): Promise<LiveJob[]> {
  // all at once: a job that moves is in one of them
  const replies = await connections.call(async (redis) => {
    const glance = redis.multi();
    for (const { keys } of queues) {
      glance.llen(keys.state('wait')).zcard(keys.state('prioritized'));
      for (const id of ids) {
        glance
          .hmget(keys.job(id), 'data', 'progress', 'processedOn')
          .lpos(keys.state('active'), id)
          .lpos(keys.state('wait'), id)
          .zrank(keys.state('prioritized'), id)
          .zrank(keys.state('delayed'), id);
      }
    }
    return allReplies(await glance.exec());
  });
  const perQueue = 2 + 5 * ids.length;
  return queues.flatMap((queue, at) => liveJobs(queue, replies.slice(at * perQueue, (at + 1) * perQueue)));
}

function liveJobs(queue: PoolQueue, [first, inTurn, ...looks]: readonly unknown[]): LiveJob[] {
  const before = { first: Number(first), inTurn: Number(inTurn) };
  return Array.from({ length: looks.length / 5 }, (_, index) => looks.slice(index * 5, index * 5 + 5)).flatMap(
    (look) => {
      const [fields, activeAt, waitAt, turnAt, delayedAt] = look;
      const active = typeof activeAt === 'number';
      const position = active ? 0 : queuePosition(before, waitAt, turnAt, delayedAt);
      if (position === undefined || !Array.isArray(fields)) return [];
      const [data, progress, processedOn] = fields as unknown[];
      const job = parseStoredJob(data);
      return job === undefined ? [] : [{ queue, job, active, position, progress: json(progress), processedOn }];
    },
  );
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
