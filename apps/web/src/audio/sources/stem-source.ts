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
}

/** sample rate of every stem, Hz */
export const SAMPLE_RATE = 44_100;
