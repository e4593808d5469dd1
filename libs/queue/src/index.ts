// the queue between rest-server and the workers: jobs, their states and events, retries, cancel, previews.
// everything in it can be rebuilt from the object store.
export type { AnalysisJob } from './analysis/analysis-job.js';
export { AnalysisQueue } from './analysis/analysis-queue.js';
export { AnalysisWorker, type AnalysisContext, type AnalysisHandler } from './analysis/analysis-worker.js';
export { CancelSignals } from './cancel-signals.js';
export type { JobChange } from './change-signal.js';
export { JobEvents } from './job-events.js';
export { ListenSignals } from './preview/listen-signals.js';
export type { ListenWatch } from './preview/listen-watch.js';
export { ModelRoutes } from './model-routes.js';
export { PreviewBoard } from './preview/preview-board.js';
export {
  CancelledJobError,
  InvalidJobError,
  PermanentJobError,
  RetryableJobError,
  UnfitWorkerError,
} from './queue.errors.js';
export { QueueShares } from './queue-shares.js';
export { QueueModule } from './queue.module.js';
export { retryDecision, type RetryDecision } from './retry.js';
export { jobOf, parseJobProgress, parseSeparationJob, type JobProgress, type SeparationJob } from './separation-job.js';
export { SeparationQueue, type JobState, type QueueDepth } from './separation-queue.js';
export { SeparationWorker } from './worker/separation-worker.js';
export type { JobContext, JobHandler, WorkerOptions } from './worker/worker-options.js';
