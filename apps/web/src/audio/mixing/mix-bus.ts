import type { Segment } from '../sources/stem-source.js';
import { LaneBuffer } from './lane-buffer.js';

/** How loud a lane is on each side, linear; 0 if it is muted. */
export interface LaneLevel {
  readonly left: number;
  readonly right: number;
}

const SILENT: LaneLevel = { left: 0, right: 0 };

interface Lane {
  readonly buffer: LaneBuffer;
  target: LaneLevel;
  current: LaneLevel;
  /** largest sample since the last call of `takePeaks`, after the level */
  peak: number;
}

/** Sums the lanes. All are read at the same position, so they cannot drift apart. */
export class MixBus {
  private readonly lanes: Lane[];

  /** @param samples length of the song, in samples of one channel */
  constructor(
    segmentSamples: readonly number[],
    readonly samples: number,
  ) {
    this.lanes = segmentSamples.map((length) => ({
      buffer: new LaneBuffer(length, samples),
      target: SILENT,
      current: SILENT,
      peak: 0,
    }));
  }

  add(lane: number, index: number, segment: Segment): void {
    this.lane(lane).buffer.add(index, segment);
  }

  /** Frees every other segment of a lane. */
  keep(lane: number, indexes: readonly number[]): void {
    this.lane(lane).buffer.keep(new Set(indexes));
  }

  setLevel(lane: number, level: LaneLevel): void {
    this.lane(lane).target = level;
  }

  /** Applies new levels at once, instead of over the next block. */
  settle(): void {
    for (const lane of this.lanes) lane.current = lane.target;
  }

  /** Whether the audio of every audible lane is in memory. */
  hasAudio(from: number, count: number): boolean {
    const to = Math.min(from + count, this.samples);
    return this.lanes.every((lane) => !isAudible(lane) || lane.buffer.has(from, to));
  }

  /** Writes the sum of the lanes, silence outside the song. Levels ramp to their new value over the block. */
  mix(from: number, left: Float32Array, right: Float32Array): void {
    left.fill(0);
    right.fill(0);
    for (const lane of this.lanes) {
      if (isAudible(lane)) lane.peak = Math.max(lane.peak, addLane(lane, from, left, right));
      lane.current = lane.target;
    }
  }

  /** @returns a function that restores what mixing changes */
  mark(): () => void {
    const levels = this.lanes.map(({ current }) => current);
    return () => {
      this.lanes.forEach((lane, index) => {
        lane.current = levels[index] ?? SILENT;
        lane.peak = 0;
      });
    };
  }

  /** Largest sample of each lane since the last call. */
  takePeaks(): number[] {
    return this.lanes.map((lane) => {
      const { peak } = lane;
      lane.peak = 0;
      return peak;
    });
  }

  private lane(index: number): Lane {
    const lane = this.lanes[index];
    if (lane === undefined) throw new RangeError(`there is no lane ${index}`);
    return lane;
  }
}

function isAudible({ target, current }: Lane): boolean {
  return [target, current].some(({ left, right }) => left !== 0 || right !== 0);
}

/** @returns the largest sample that was added */
function addLane({ buffer, current, target }: Lane, from: number, left: Float32Array, right: Float32Array): number {
  const count = left.length;
  const stepLeft = (target.left - current.left) / count;
  const stepRight = (target.right - current.right) / count;
  let peak = 0;
  buffer.forEachSpan(from, from + count, (segment, offset, at, length) => {
    const { left: fromLeft, right: fromRight } = segment;
    for (let index = 0; index < length; index += 1) {
      const out = at + index;
      const l = (fromLeft[offset + index] ?? 0) * (current.left + stepLeft * (out + 1));
      const r = (fromRight[offset + index] ?? 0) * (current.right + stepRight * (out + 1));
      left[out] = (left[out] ?? 0) + l;
      right[out] = (right[out] ?? 0) + r;
      peak = Math.max(peak, Math.abs(l), Math.abs(r));
    }
  });
  return peak;
}
