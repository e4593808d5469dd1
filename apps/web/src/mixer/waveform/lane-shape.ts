import { SAMPLE_RATE, type Segment } from '../../audio/sources/stem-source.js';
import { chunkOf, type WaveChunk } from './wave-chunk.js';

/** The peaks of a whole stem, at the level of its samples. */
export interface Overview {
  readonly samplesPerPeak: number;
  readonly peaks: ArrayLike<number>;
  /** absent in older separations */
  readonly rms: ArrayLike<number> | undefined;
}

/**
 * Values of a column: lowest, highest and mean level, linear. The mean level is 0 where only the peaks are known; all
 * are NaN where nothing is.
 */
export const COLUMN_VALUES = 3;

/** columns narrower than this are drawn from samples */
const FINEST_BIN = 64;

/** songs have as many bins as one of this length at most: 5 MB for each lane */
const FINE_SECONDS = 600;

/** parts of which the samples are kept: one view of single samples, and a little more */
const MAX_RAW = 5;

/** What is known of the shape of a lane: peaks of the song, bins of parts, and the samples that are looked at. */
export class LaneShape {
  overview: Overview | undefined;
  /** largest sample of all parts so far */
  peak = 0;
  private readonly binSamples: number;
  /** samples of a chunk; all have the same */
  private chunkSamples = 1;
  private readonly chunks = new Map<number, WaveChunk>();
  private readonly raw = new Map<number, Segment>();

  /** @param samples length of the song */
  constructor(
    readonly stem: string,
    samples: number,
  ) {
    this.binSamples = FINEST_BIN * Math.ceil(samples / (FINE_SECONDS * SAMPLE_RATE));
  }

  add(index: number, segmentSamples: number, segment: Segment): void {
    this.chunkSamples = segmentSamples;
    const chunk = chunkOf(segment, this.binSamples);
    this.peak = Math.max(this.peak, chunk.peak);
    this.chunks.set(index, chunk);
  }

  /** Keeps the samples themselves, until others are looked at. */
  keep(index: number, segment: Segment): void {
    this.raw.set(index, segment);
    const [oldest] = this.raw.keys();
    if (oldest !== undefined && this.raw.size > MAX_RAW) this.raw.delete(oldest);
  }

  /** Whether columns of this width are drawn from parts of the song, and not from its overview. */
  isFine(samplesPerColumn: number): boolean {
    return this.overview === undefined || samplesPerColumn < this.overview.samplesPerPeak;
  }

  lacks(index: number, samplesPerColumn: number): boolean {
    return needsSamples(samplesPerColumn) ? !this.raw.has(index) : !this.chunks.has(index);
  }

  /** Fills `out` with `count` columns from column `first` on; column `n` begins at sample `n * samplesPerColumn`. */
  fill(out: Float32Array, first: number, count: number, samplesPerColumn: number): void {
    const fillFromOverview = !this.isFine(samplesPerColumn);
    for (let column = 0; column < count; column += 1) {
      const from = (first + column) * samplesPerColumn;
      const to = from + samplesPerColumn;
      const at = column * COLUMN_VALUES;
      if (needsSamples(samplesPerColumn) && this.fillFromSamples(out, at, from, to)) continue;
      if (fillFromOverview || !this.fillFromBins(out, at, from, to)) this.fillFromPeaks(out, at, from, to);
    }
  }

  /** Follows the line through the samples: a column may be narrower than one. */
  private fillFromSamples(out: Float32Array, at: number, from: number, to: number): boolean {
    const { chunkSamples } = this;
    const first = Math.floor(from);
    const index = Math.floor(first / chunkSamples);
    const segment = this.raw.get(index);
    if (segment === undefined) return false;
    let [low, high] = [Infinity, -Infinity];
    for (const channel of [segment.left, segment.right]) {
      const level = (sample: number): number => {
        const whole = Math.floor(sample);
        const here = channel[whole - index * chunkSamples] ?? 0;
        return here + (sample - whole) * ((channel[whole + 1 - index * chunkSamples] ?? here) - here);
      };
      const take = (sample: number): void => {
        const value = level(sample);
        low = Math.min(low, value);
        high = Math.max(high, value);
      };
      take(from);
      for (let sample = first + 1; sample < to; sample += 1) take(sample);
      take(Math.min(to, (index + 1) * chunkSamples - 1));
    }
    out[at] = low;
    out[at + 1] = high;
    out[at + 2] = 0;
    return true;
  }

  private fillFromBins(out: Float32Array, at: number, from: number, to: number): boolean {
    const { chunkSamples, binSamples } = this;
    let [low, high, power, bins] = [Infinity, -Infinity, 0, 0];
    for (let index = Math.floor(from / chunkSamples); index * chunkSamples < to; index += 1) {
      const chunk = this.chunks.get(index);
      if (chunk === undefined) continue;
      const start = index * chunkSamples;
      const end = Math.min(chunk.low.length, Math.ceil((to - start) / binSamples));
      for (let bin = Math.max(0, Math.floor((from - start) / binSamples)); bin < end; bin += 1) {
        const bottom = chunk.low[bin] ?? 0;
        const top = chunk.high[bin] ?? 0;
        const level = chunk.rms[bin] ?? 0;
        if (bottom < low) low = bottom;
        if (top > high) high = top;
        power += level * level;
        bins += 1;
      }
    }
    if (bins === 0) return false;
    out[at] = low;
    out[at + 1] = high;
    out[at + 2] = Math.sqrt(power / bins);
    return true;
  }

  private fillFromPeaks(out: Float32Array, at: number, from: number, to: number): void {
    if (this.overview === undefined) {
      out.fill(Number.NaN, at, at + COLUMN_VALUES);
      return;
    }
    const { samplesPerPeak, peaks, rms = [] } = this.overview;
    const first = Math.floor(from / samplesPerPeak);
    const end = Math.max(first + 1, Math.floor(to / samplesPerPeak));
    let [peak, level] = [0, 0];
    for (let index = first; index < end; index += 1) {
      peak = Math.max(peak, peaks[index] ?? 0);
      level = Math.max(level, rms[index] ?? 0);
    }
    out[at] = -peak;
    out[at + 1] = peak;
    out[at + 2] = level;
  }
}

export function needsSamples(samplesPerColumn: number): boolean {
  return samplesPerColumn < FINEST_BIN;
}
