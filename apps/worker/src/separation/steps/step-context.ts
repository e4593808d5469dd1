import type { ProgressMeter } from '../progress-meter.js';

/** What every step of a job has in common. */
export interface StepContext {
  /** folder of this attempt, removed at its end */
  readonly scratch: string;
  /** aborts when the job is cancelled, lost or handed back; a step then ends within 2 s */
  readonly signal: AbortSignal;
  readonly progress: ProgressMeter;
}
