// everything the page shares with the server: documents as the client has them, and the vocabulary
import type { Separation } from '@app/client';

/** `sep_` and 32 lower-case hex digits */
export type SeparationId = Separation['id'];

export type {
  Analysis,
  Format,
  Model,
  ModelList,
  OwnEdit,
  Preview,
  PreviewBlock,
  Receipt,
  Separation,
  SeparationPage,
  SeparationStatus,
  Waveform,
} from '@app/client';
export {
  CONTENT_TYPES,
  DEMO_MODEL,
  FORMATS,
  INSTRUMENTAL,
  LIGHT_BLOCK_SAMPLES,
  LIGHT_MARGIN_SAMPLES,
  MODES,
  PREVIEW_GAIN_DB,
  SONG_FILE_ENDINGS,
  TEMPO_RANGE,
  TITLE_LENGTH,
  TONICS,
  isSeparationId,
  isTerminal,
  sortStems,
  type MusicalKey,
  type FailureCode,
  type KnownStem,
  type LicenceClass,
  type ProblemCode,
} from '@app/separations';
