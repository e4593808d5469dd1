import type { Failure } from './failure.js';
import type { Format } from './format.js';
import type { Manifest } from './manifest.js';
import type { StemName } from './options.js';
import type { SeparationId } from './separation-id.js';
import type { Stage } from './stages.js';

export type SeparationStatus = 'queued' | 'processing' | 'completed' | 'failed' | 'cancelled';

export interface Progress {
  /** measured work, 0 to 100: audio done over audio to do */
  readonly percent: number;
  readonly stage: Stage | 'queued' | 'done';
}

/** The resource of the HTTP API; times are ISO 8601 in UTC. */
export interface Separation {
  readonly id: SeparationId;
  readonly status: SeparationStatus;
  readonly createdAt: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly fileName: string;
  readonly durationSeconds?: number;
  readonly model: string;
  readonly stems: readonly StemName[];
  readonly formats: readonly Format[];
  readonly progress: Progress;
  readonly queue?: { readonly position: number; readonly etaSeconds: number | null };
  readonly error?: Failure;
  readonly receipt?: Manifest;
  readonly links: Readonly<Record<string, unknown>>;
}

export function isTerminal(status: SeparationStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}
