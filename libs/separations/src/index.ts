// the domain contract: what a separation is, how it is named, and what is stored of it.
// shared by every app; imports nothing of ours.
export { canonicalJson } from './canonical-json.js';
export { FAILURE_CODES, isFailureCode, type Failure, type FailureCode } from './failure.js';
export { FORMATS, MASTER_FORMAT, isFormat, type Format } from './format.js';
export { InvalidDocumentError } from './invalid-document.error.js';
export { parseManifest, type Manifest, type ManifestInput, type ManifestStem, type StageSeconds } from './manifest.js';
export { KNOWN_MODELS, findKnownModel, type ModelDescription } from './models.js';
export { objectKeys } from './object-keys.js';
export {
  INSTRUMENTAL,
  OVERLAP_RANGE,
  SHIFTS_RANGE,
  sortStems,
  type SeparationOptions,
  type StemName,
} from './options.js';
export { isTerminal, type Progress, type Separation, type SeparationStatus } from './separation.js';
export { STAGES, type Stage } from './stages.js';
export { isSeparationId, separationId, type SeparationId, type SeparationIdentity } from './separation-id.js';
export { parseStoredRequest, type StoredRequest, type StoredState } from './stored-request.js';
