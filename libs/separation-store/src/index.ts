// the home of stored separations: the only reader and writer of request.json and manifest.json, with the index and
// the reconciler's state beside it.
export { endingOf, isAccepted, needsRun, type Ended, type Ending, type StoredSeparation } from './ending.js';
export { InvalidCursorError } from './invalid-cursor.error.js';
export { ReconcileState } from './reconcile-state.js';
export { separationId } from './separation-id.js';
export { SeparationIndex, type IndexPage } from './separation-index.js';
export { SongUsage } from './song-usage.js';
export { SeparationStore, type Run, type SeparationStoreOptions } from './separation-store.js';
export { SeparationStoreModule } from './separation-store.module.js';
export { SeparationBusyError, SeparationEndedError } from './store.errors.js';
export type { Listed } from './store-scan.js';
