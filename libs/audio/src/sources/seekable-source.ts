import type { Readable } from 'node:stream';

/** A stored song that can be read in ranges. */
export interface SeekableSource {
  readonly bytes: number;
  /** bytes `start` to `end`, both inclusive; the caller reads the stream to its end or destroys it */
  readonly read: (range: { readonly start: number; readonly end: number }) => Promise<Readable>;
}
