import type { Reading } from '../sources/ffmpeg-input.js';
import type { SeekableSource } from '../sources/seekable-source.js';
import type { FlacStreamInfo } from './flac-stream-info.js';
import type { Loss } from './loss.js';
import type { SongKind } from './song-kinds.js';

export interface SongPart {
  readonly source: SeekableSource;
  readonly reading: Reading;
  /** channels that name no speakers: all go to both sides */
  readonly unplacedChannels?: number;
  /** a file whose tracks play together */
  readonly isQuickTime?: boolean;
  /** bytes were left out of it */
  readonly isDamaged?: boolean;
  readonly flac?: FlacStreamInfo | undefined;
}

/** What the bytes of a song say about how to decode it. */
export interface SongPlan {
  /** one after the other; each is a run of ffmpeg */
  readonly parts: readonly SongPart[];
  /** ffmpeg's name; undefined if ffmpeg finds out */
  readonly container?: string;
  /** length in the header, if it is not ffmpeg that reads it */
  readonly declaredSeconds?: number | undefined;
  /** what silence in the parts stands for */
  readonly losses: readonly Loss[];
  /** what the file seems to be, if its first bytes say */
  readonly kind?: SongKind | undefined;
}
