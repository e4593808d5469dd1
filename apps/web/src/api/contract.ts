// everything the page shares with the server; the only file here that imports from outside the page
import type { ModelDescription, Separation } from '@app/separations';

export type { FailureCode, Format, Manifest, Separation, SeparationId, SeparationStatus } from '@app/separations';
export { FORMATS } from '../../../../libs/separations/src/format.js';
export { INSTRUMENTAL, sortStems } from '../../../../libs/separations/src/options.js';
export { isTerminal } from '../../../../libs/separations/src/separation.js';
export type { ProblemCode } from '../../../api/src/problems/problem-codes.js';

export interface SeparationPage {
  readonly separations: readonly Separation[];
  /** `null` on the last page */
  readonly nextCursor: string | null;
}

export interface Model extends Omit<ModelDescription, 'weights'> {
  readonly installed: boolean;
  readonly default: boolean;
}

export interface ModelList {
  readonly models: readonly Model[];
}

export interface Waveform {
  /** peaks of each stem, 0 to 127 */
  readonly stems: Readonly<Record<string, readonly number[]>>;
}

/** Content types of the containers the server opens, by the extension it stores them with. */
export { CONTENT_TYPES } from '../../../../libs/audio/src/content-types.js';

/** How the names of such files end. */
export const SONG_FILE_ENDINGS: readonly string[] = [
  ...['aac', 'aiff', 'aif', 'aifc', 'wma', 'asf', 'flac', 'mka', 'mkv', 'webm'],
  ...['m4a', 'm4b', 'mp4', 'mov', '3gp', 'mp3', 'ogg', 'oga', 'opus', 'w64', 'wav'],
];
