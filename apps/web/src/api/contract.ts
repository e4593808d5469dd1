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

interface Container {
  readonly contentType: string;
  /** how the names of such files end; the first is the server's own */
  readonly extensions: readonly [string, ...string[]];
}

/** Containers the server opens, by ffmpeg's name. */
export const CONTAINERS = {
  aac: { contentType: 'audio/aac', extensions: ['aac'] },
  aiff: { contentType: 'audio/aiff', extensions: ['aiff', 'aif', 'aifc'] },
  asf: { contentType: 'audio/x-ms-wma', extensions: ['wma', 'asf'] },
  flac: { contentType: 'audio/flac', extensions: ['flac'] },
  matroska: { contentType: 'audio/x-matroska', extensions: ['mka', 'mkv', 'webm'] },
  mov: { contentType: 'audio/mp4', extensions: ['m4a', 'm4b', 'mp4', 'mov', '3gp'] },
  mp3: { contentType: 'audio/mpeg', extensions: ['mp3', 'mp2'] },
  ogg: { contentType: 'audio/ogg', extensions: ['ogg', 'oga', 'opus'] },
  w64: { contentType: 'audio/x-w64', extensions: ['w64'] },
  wav: { contentType: 'audio/wav', extensions: ['wav'] },
} as const satisfies Readonly<Record<string, Container>>;
