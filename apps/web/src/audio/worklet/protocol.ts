import type { Segment } from '../sources/stem-source.js';
import type { LaneLevel } from './mix-bus.js';
import type { Region } from './transport.js';

/** A message from the page to the mixer. */
export type Command =
  | { readonly type: 'play' | 'pause' }
  | { readonly type: 'seek'; readonly position: number }
  | { readonly type: 'speed'; readonly speed: number }
  | { readonly type: 'loop'; readonly loop: Region | undefined }
  | { readonly type: 'level'; readonly lane: number; readonly level: LaneLevel }
  | { readonly type: 'segment'; readonly lane: number; readonly index: number; readonly segment: Segment }
  | { readonly type: 'keep'; readonly lane: number; readonly indexes: readonly number[] }
  | { readonly type: 'close' };

/** A message from the mixer to the page, about thirty times a second. */
export interface Report {
  readonly position: number;
  readonly playing: boolean;
  readonly waiting: boolean;
  /** largest sample of each lane since the last report */
  readonly peaks: readonly number[];
}

export interface MixerOptions {
  /** for each lane */
  readonly segmentSamples: readonly number[];
  readonly samples: number;
}
