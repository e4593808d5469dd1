// the contract of server, worker, page, CLI and specs: names, codes, documents and what the API answers.
// browsers load it too: it imports nothing but zod. The page's bundle leaves out what it does not use.
export { DEMO_MODEL, KNOWN_MODELS, findKnownModel, licenceOf, modelsOfRecipe } from './catalogue/known-models.js';
export { parseAnalysis, type Analysis, type PendingAnalysis, type ShownAnalysis } from './documents/song/analysis.js';
export { SCOPES, type Limits, type OwnerUsage, type Scope, type Usage } from './documents/account.js';
export type { DocumentOf, Failure } from './documents/fields.js';
export { InvalidDocumentError } from './documents/invalid-document.error.js';
export {
  parseManifest,
  type Manifest,
  type ManifestFile,
  type ManifestInput,
  type ManifestOriginal,
  type ManifestStem,
  type StageSeconds,
} from './documents/manifest.js';
export { findStemFile, findWaveform, servedKeys } from './documents/manifest-files.js';
export type { Links } from './documents/links.js';
export {
  modelDescriptionSchema,
  type Licence,
  type Model,
  type ModelDescription,
  type ModelList,
} from './documents/model.js';
export { componentRef, openApiComponents } from './documents/open-api.js';
export { editOwn, ownEditSchema, type MusicalKey, type Own, type OwnEdit } from './documents/song/own.js';
export { previewSchema, type Preview, type PreviewBlock } from './documents/preview.js';
export type { ProblemDocument } from './documents/problem.js';
export {
  progressSchema,
  type Progress,
  type Separation,
  type SeparationPage,
  type SeparationSummary,
} from './documents/separation.js';
export {
  parseStoredRequest,
  separationIdentitySchema,
  storedRequestSchema,
  type SeparationIdentity,
  type SeparationOptions,
  type StoredRequest,
  type StoredState,
} from './documents/stored-request.js';
export type { SongTags } from './documents/song/tags.js';
export type { Waveform } from './documents/waveform.js';
export {
  newWebhookSchema,
  parseStoredCallback,
  parseStoredDelivery,
  parseStoredWebhook,
  type CreatedWebhook,
  type Delivery,
  type DeliveryAttempt,
  type DeliveryList,
  type NewWebhook,
  type StoredCallback,
  type StoredDelivery,
  type StoredWebhook,
  type Webhook,
  type WebhookBody,
  type WebhookList,
} from './documents/webhook.js';
export { CONTAINERS, CONTENT_TYPES, SONG_FILE_ENDINGS, extensionOf } from './vocabulary/containers.js';
export { displayText } from './vocabulary/display-text.js';
export { FAILURE_CODES, isFailureCode, type FailureCode } from './vocabulary/failures.js';
export { FORMATS, MASTER_FORMAT, isFormat, type Format } from './vocabulary/formats.js';
export { LICENCE_CLASSES, type LicenceClass } from './vocabulary/licences.js';
export { LIGHT_BLOCK_SAMPLES, LIGHT_MARGIN_SAMPLES, lightBlocks } from './vocabulary/light.js';
export { listPattern, listedNames } from './vocabulary/lists.js';
export { MODES, TONICS } from './vocabulary/musical-keys.js';
export { contentVersion, earlierKeys, isArtefactKey, objectKeys } from './vocabulary/object-keys.js';
export { PRIORITIES, isPriority, type Priority } from './vocabulary/priorities.js';
export { publicText } from './vocabulary/public-text.js';
export { PREVIEW_ATTEMPT, PREVIEW_GAIN_DB } from './vocabulary/preview.js';
export { PROBLEMS, PROBLEM_CODES, describeProblem, type ProblemCode } from './vocabulary/problems.js';
export { OVERLAP_RANGE, SHIFTS_RANGE, TEMPO_RANGE, TITLE_LENGTH, TRACK_RANGE } from './vocabulary/ranges.js';
export { isSeparationId, type SeparationId } from './vocabulary/separation-id.js';
export { STAGES, STATUSES, isTerminal, type SeparationStatus, type Stage } from './vocabulary/states.js';
export { INSTRUMENTAL, STEM_ORDER, sortStems, type KnownStem, type StemName } from './vocabulary/stems.js';
export { WEBHOOK_EVENTS, webhookEvent, type WebhookEvent } from './vocabulary/webhook-events.js';
