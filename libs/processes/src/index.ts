// child processes that end with ours: each in its own process group, with bounded output and time-outs, without a shell.
// used for ffmpeg and the engine. And threads, for work on files that would hold up the event loop.
export { errorCode } from './error-code.js';
export { killGroup } from './kill-group.js';
export { readLines } from './lines.js';
export { installOrphanGuard } from './orphan-guard.js';
export { ProcessFailedError, ProcessTimeoutError } from './process.errors.js';
export { runProcess, type ProcessResult, type RunProcessOptions } from './run-process.js';
export { spawnGroup, type Child } from './spawn-group.js';
export { runInThread } from './threads/run-in-thread.js';
export type { GiveWay, ThreadWork } from './threads/thread-work.js';
