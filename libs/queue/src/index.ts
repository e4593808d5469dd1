// the queue between rest-server and the workers: jobs, their states and events, cancel, speeds, live workers.
// all of it lives in Redis, and all of it can be rebuilt from the object store.
export { CancelSignals } from './cancel-signals.js';
export { IndexUpkeep } from './index-upkeep.js';
export { JobEvents } from './job-events.js';
export { QueueModule } from './queue.module.js';
export {
  CancelledJobError,
  InvalidCursorError,
  InvalidJobError,
  PermanentJobError,
  QueueUnavailableError,
  RetryableJobError,
} from './queue.errors.js';
export { JOB_NAME, QUEUE_NAME, QueueKeys } from './queue-keys.js';
export { RedisConnections } from './redis-connections.js';
export { RedisLock } from './redis-lock.js';
export { retryDecision, type RetryDecision } from './retry.js';
export { SeparationIndex, type IndexPage } from './separation-index.js';
export { parseJobProgress, parseSeparationJob, type JobProgress, type SeparationJob } from './separation-job.js';
export { openQueue } from './bull-queue.js';
export { QueueForecast } from './queue-forecast.js';
export { SeparationQueue, type JobState, type QueueDepth } from './separation-queue.js';
export { SeparationWorker } from './separation-worker.js';
export type { JobContext, JobHandler, WorkerOptions } from './worker-options.js';
export type { Listed } from './store-look.js';
export { SpeedBook } from './speed-book.js';
export { WorkerRegistry, type WorkerAnnouncement } from './worker-registry.js';
export type { JobChange } from './wakeup.js';
