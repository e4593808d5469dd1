// primitives for concurrent work: limits, serialization, coalescing, time-outs. imports none of our libs.
export { Batch } from './batch.js';
export { FairSemaphore, shareOf } from './fair-semaphore.js';
export { FreshWork } from './fresh-work.js';
export { KeyedMutex } from './keyed-mutex.js';
export { mapLimited } from './map-limited.js';
export { Semaphore } from './semaphore.js';
export { SharedWork } from './shared-work.js';
export { withTaskGroup, type TaskGroup } from './task-group.js';
export { withTimeout } from './with-timeout.js';
