import type { Segment } from '../../audio/sources/stem-source.js';

/** Lowest, highest and mean level of each bin of a stretch of audio, over both channels. */
export interface WaveChunk {
  readonly low: Float32Array;
  readonly high: Float32Array;
  readonly rms: Float32Array;
  /** largest absolute sample */
  readonly peak: number;
}

/** @param binSamples the last bin may be shorter */
export function chunkOf({ left, right }: Segment, binSamples: number): WaveChunk {
  const bins = Math.ceil(left.length / binSamples);
  const low = new Float32Array(bins);
  const high = new Float32Array(bins);
  const rms = new Float32Array(bins);
  let peak = 0;
  for (let bin = 0; bin < bins; bin += 1) {
    let [bottom, top, power] = [Infinity, -Infinity, 0];
    const start = bin * binSamples;
    const end = Math.min(left.length, start + binSamples);
    for (let at = start; at < end; at += 1) {
      const l = left[at] ?? 0;
      const r = right[at] ?? 0;
      // comparisons are faster than the functions of Math
      if (l < bottom) bottom = l;
      if (r < bottom) bottom = r;
      if (l > top) top = l;
      if (r > top) top = r;
      power += l * l + r * r;
    }
    low[bin] = bottom;
    high[bin] = top;
    rms[bin] = Math.sqrt(power / (2 * (end - start)));
    peak = Math.max(peak, top, -bottom);
  }
  return { low, high, rms, peak };
}
