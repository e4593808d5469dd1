import { createHash } from 'node:crypto';
import type { SeparationOptions } from '../../upload/upload.js';
import type { Fingerprint } from '../songs/fingerprint.js';

/** What became of a song: its stems, or why the server will never take it. */
export interface Entry extends Fingerprint {
  readonly version: 1;
  /** what messages call it, see `SongPath` */
  readonly song: string;
  /** absolute path of the song's file; earlier versions did not record it */
  readonly source?: string;
  readonly sha256: string;
  readonly options: SeparationOptions;
  readonly written?: Written;
  readonly refused?: Refused;
}

export interface Written {
  readonly id: string;
  readonly model: string;
  /** below the library, separated by `/`; empty if the stems lie in it */
  readonly folder: string;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
}

export interface Refused {
  readonly code: string;
  readonly message: string;
}

/** Names a song by its content, and what was asked for. */
export function entryName(sha256: string, options: SeparationOptions): string {
  return createHash('sha256')
    .update(JSON.stringify([sha256, options]))
    .digest('hex')
    .slice(0, 32);
}
