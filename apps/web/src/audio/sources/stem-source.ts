/** A stretch of stereo sound, 44.1 kHz, both channels equally long. */
export interface Segment {
  readonly left: Float32Array;
  readonly right: Float32Array;
}

/** Gives the sound of one lane piece by piece: segment `i` starts at sample `i * segmentSamples`. */
export interface StemSource {
  /** of every segment but the last */
  readonly segmentSamples: number;
  /** length of the song, of one channel */
  readonly samples: number;
  segment(index: number, signal: AbortSignal): Promise<Segment>;
}

/** Hz; what the service keeps its stems in */
export const SAMPLE_RATE = 44_100;
