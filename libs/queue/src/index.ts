// the queue between rest-server and the workers: jobs, their states and events, cancel, speeds, live workers.
// all of it lives in Redis, and all of it can be rebuilt from the object store.
export { CancelSignals } from './cancel-signals.js';
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
export { retryDecision, type RetryDecision } from './retry.js';
export { SeparationIndex, type IndexPage } from './separation-index.js';
export { parseJobProgress, parseSeparationJob, type JobProgress, type SeparationJob } from './separation-job.js';
export { SeparationQueue, type FailedJob, type JobState, type QueueDepth } from './separation-queue.js';
export { SeparationWorker, type JobContext, type JobHandler, type WorkerOptions } from './separation-worker.js';
export { SpeedBook } from './speed-book.js';
export { WorkerRegistry, type WorkerAnnouncement } from './worker-registry.js';
