/** A stretch of stereo audio at 44.1 kHz; both channels have the same length. */
export interface Segment {
  readonly left: Float32Array;
  readonly right: Float32Array;
}

/** Reads the audio of one lane in segments: segment `i` starts at sample `i * segmentSamples`. */
export interface StemSource {
  /** length of every segment except the last */
  readonly segmentSamples: number;
  /** length of the song, in samples of one channel */
  readonly samples: number;
  segment(index: number, signal: AbortSignal): Promise<Segment>;
  /** Whether a segment can be read now; all of them can where this is left out. */
  isReady?(index: number): boolean;
  /** Whether a segment that was read would now be better. */
  canImprove?(index: number): boolean;
}

/** The segment cannot be read yet. */
export class NotReadyError extends Error {}

/** sample rate of every stem, Hz */
export const SAMPLE_RATE = 44_100;
