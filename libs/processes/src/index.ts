// child processes that end with us: own process group, bounded output, time-outs, no shell.
// used for ffmpeg and for the engine.
export { errorCode } from './error-code.js';
export { groupExists, killGroup } from './kill-group.js';
export { installOrphanGuard, OrphanGuard } from './orphan-guard.js';
export { ProcessFailedError, ProcessTimeoutError } from './process.error.js';
export { runProcess, type ProcessResult, type RunProcessOptions } from './run-process.js';
export { spawnGroup, type Child, type SpawnGroupOptions } from './spawn-group.js';
