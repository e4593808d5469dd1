import { json } from '@app/redis';
import {
  progressSchema,
  storedRequestSchema,
  type DocumentOf,
  type Progress,
  type StoredRequest,
} from '@app/separations';
import { isTraceparent } from '@app/tracing';
import { z } from 'zod';
import { InvalidJobError } from './queue.errors.js';
import { turnSchema, UNKNOWN_TURN } from './turns/turn.js';

export const JOB_NAME = 'separate';

/** What routing needs of a request; never the song. */
const separationJobSchema = storedRequestSchema
  .pick({ id: true, requestId: true, model: true, durationSeconds: true, createdAt: true })
  .extend({
    turn: turnSchema.exactOptional(),
    /** how often a worker passed it on to another queue */
    hops: z.int().nonnegative().exactOptional(),
    /** the span that queued it, as W3C Trace Context names it; its worker continues that trace */
    traceparent: z.string().refine(isTraceparent).exactOptional(),
  });

export type SeparationJob = DocumentOf<typeof separationJobSchema>;

export type JobProgress = Progress;

/** The job of an accepted separation. */
export function jobOf(
  request: StoredRequest,
  weightOf: (client: string) => number = () => 1,
  traceparent?: string,
): SeparationJob {
  const { id, requestId, model, durationSeconds, createdAt, owner, priority = 'normal' } = request;
  // earlier versions stored no client
  const client = request.client ?? (owner === null ? UNKNOWN_TURN.client : `key:${owner}`);
  const turn = { client, priority, weight: weightOf(client) };
  return { id, requestId, model, durationSeconds, createdAt, turn, ...(traceparent !== undefined && { traceparent }) };
}

/** @throws InvalidJobError that names the first wrong field */
export function parseSeparationJob(value: unknown): SeparationJob {
  const { data, error } = separationJobSchema.safeParse(value);
  if (data !== undefined) return data;
  const { path, message } = error.issues[0] ?? { path: [], message: '' };
  throw new InvalidJobError(`job: ${path.join('.')}: ${message}`);
}

/** A job as stored in Redis; undefined if it breaks the contract. Its worker fails it. */
export function parseStoredJob(data: unknown): SeparationJob | undefined {
  return separationJobSchema.safeParse(json(data)).data;
}

/** Progress as a worker reported it; the beginning if there is none. */
export function parseJobProgress(value: unknown): JobProgress {
  return progressSchema.safeParse(value).data ?? { percent: 0, stage: 'queued' };
}
