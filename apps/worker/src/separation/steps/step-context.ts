import type { ProgressReporter } from './progress-reporter.js';

/** Shared by all steps of a job. */
export interface StepContext {
  /** folder of this attempt; the processor removes it */
  readonly scratch: string;
  /** aborts when the job is cancelled, lost or handed back; a step then settles within 2 s */
  readonly signal: AbortSignal;
  readonly progress: ProgressReporter;
}
