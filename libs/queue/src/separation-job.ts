import { STAGES, isSeparationId, type Progress, type SeparationId } from '@app/separations';
import { InvalidJobError } from './queue.errors.js';
import { json } from '@app/redis';

export const JOB_NAME = 'separate';

/** What a job carries: ids and what routing needs, never the song. */
export interface SeparationJob {
  readonly id: SeparationId;
  /** of the HTTP call that asked for it, in every log line */
  readonly requestId: string;
  readonly model: string;
  readonly durationSeconds: number;
  /** ISO 8601, UTC */
  readonly createdAt: string;
}

export type JobProgress = Progress;

const PROGRESS_STAGES = ['queued', ...STAGES, 'done'] as const;

/** @throws InvalidJobError when the value is not a job of the contract. */
export function parseSeparationJob(value: unknown): SeparationJob {
  const { id, requestId, model, durationSeconds, createdAt } = asRecord(value);
  if (!isSeparationId(id)) throw new InvalidJobError('a job without a separation id');
  if (!isText(requestId) || !isText(model)) throw new InvalidJobError(`job ${id} has no request id or model`);
  if (typeof durationSeconds !== 'number' || !(durationSeconds >= 0 && Number.isFinite(durationSeconds))) {
    throw new InvalidJobError(`job ${id} has no duration`);
  }
  if (!isText(createdAt) || Number.isNaN(Date.parse(createdAt))) throw new InvalidJobError(`job ${id} has no date`);
  return { id, requestId, model, durationSeconds, createdAt };
}

/** The job as it lies in Redis; undefined where that is not of the contract: its worker fails it. */
export function parseStoredJob(data: unknown): SeparationJob | undefined {
  try {
    return parseSeparationJob(json(data));
  } catch (error) {
    if (error instanceof InvalidJobError) return undefined;
    throw error;
  }
}

/** Progress as a worker reported it; the beginning where none was reported yet. */
export function parseJobProgress(value: unknown): JobProgress {
  const { percent, stage } = asRecord(value);
  const known = PROGRESS_STAGES.find((name) => name === stage);
  if (known === undefined || typeof percent !== 'number' || !(percent >= 0 && percent <= 100)) {
    return { percent: 0, stage: 'queued' };
  }
  return { percent, stage: known };
}

function asRecord(value: unknown): Partial<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
