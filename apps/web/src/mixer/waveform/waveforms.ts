import type { Waveform } from '../../api/contract.js';
import type { Segment } from '../../audio/sources/stem-source.js';
import { LaneShape } from './lane-shape.js';

const FULL_SCALE = 127;

/** waveforms are scaled up to the full height, but not below this peak */
const MIN_SCALE = 8 / FULL_SCALE;

/** The shapes of all lanes, on one scale. */
export class Waveforms {
  /** counts the changes */
  version = 0;
  readonly lanes: readonly LaneShape[];
  private overviewPeak: number | undefined;

  constructor(stems: readonly string[], samples: number) {
    this.lanes = stems.map((stem) => new LaneShape(stem, samples));
  }

  /** Level at the edge of a lane. */
  get scale(): number {
    return this.overviewPeak ?? this.lanes.reduce((most, { peak }) => Math.max(most, peak), MIN_SCALE);
  }

  /** @param lane the original, after the last stem, has no shape */
  add(lane: number, index: number, segmentSamples: number, segment: Segment): void {
    this.lanes[lane]?.add(index, segmentSamples, segment);
    this.version += 1;
  }

  /** @param gain from the level of the stored peaks to that of the samples, linear */
  setOverview({ stems, rms, samplesPerPeak }: Waveform, gain: number): void {
    const levels = (values: readonly number[] | undefined): Float32Array | undefined =>
      values && Float32Array.from(values, (value) => (value * gain) / FULL_SCALE);
    let highest = MIN_SCALE;
    for (const lane of this.lanes) {
      const peaks = levels(stems[lane.stem]);
      if (peaks === undefined) continue;
      lane.overview = { samplesPerPeak, peaks, rms: levels(rms?.[lane.stem]) };
      highest = peaks.reduce((most, peak) => Math.max(most, peak), highest);
    }
    this.overviewPeak = highest;
    this.version += 1;
  }
}
