import type { Change, StretchLibrary } from '@app/stretch';
import type { Segment } from '../sources/stem-source.js';
import type { Region } from './loop-path.js';
import type { LaneFormat, LaneLevel } from './mix-bus.js';

/** A message from the page to the mixer. */
export type Command =
  | { readonly type: 'play'; readonly move: number; readonly countIn?: boolean }
  | { readonly type: 'pause'; readonly move: number }
  | { readonly type: 'seek'; readonly move: number; readonly position: number }
  /** comes before the first change */
  | { readonly type: 'stretch-library'; readonly library: StretchLibrary }
  | { readonly type: 'change'; readonly change: Change }
  /** samples of the song, in order */
  | { readonly type: 'beats'; readonly beats: readonly number[] }
  | { readonly type: 'click'; readonly isOn: boolean }
  | { readonly type: 'loop'; readonly loop: Region | undefined }
  | { readonly type: 'level'; readonly lane: number; readonly level: LaneLevel }
  | { readonly type: 'segment'; readonly lane: number; readonly index: number; readonly segment: Segment }
  | { readonly type: 'keep'; readonly lane: number; readonly indexes: readonly number[] };

/** A message from the mixer to the page, about thirty times a second. */
export interface Report {
  /** number of the last play, pause or seek that this report knows of */
  readonly move: number;
  readonly position: number;
  readonly playing: boolean;
  readonly waiting: boolean;
  /** a lane is not heard yet, because its audio is missing */
  readonly joining: boolean;
  readonly countingIn: boolean;
  /** largest sample of each lane since the last report */
  readonly peaks: readonly number[];
}

export interface MixerOptions {
  readonly lanes: readonly LaneFormat[];
  readonly samples: number;
}
