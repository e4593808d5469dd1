import { LaneSound } from './lane-buffer.js';
import type { Segment } from '../sources/stem-source.js';

/** How loud a lane is on each side, linear; 0 for a muted one. */
export interface LaneLevel {
  readonly left: number;
  readonly right: number;
}

const SILENT: LaneLevel = { left: 0, right: 0 };

interface Lane {
  readonly sound: LaneSound;
  target: LaneLevel;
  current: LaneLevel;
  /** largest sample since the meters were read, after the level */
  peak: number;
}

/**
 * Adds the lanes up. All are read at one and the same position, so that they cannot drift apart.
 */
export class MixCore {
  private readonly lanes: Lane[];

  /** @param samples length of the song, of one channel */
  constructor(
    segmentSamples: readonly number[],
    readonly samples: number,
  ) {
    this.lanes = segmentSamples.map((length) => ({
      sound: new LaneSound(length, samples),
      target: SILENT,
      current: SILENT,
      peak: 0,
    }));
  }

  add(lane: number, index: number, segment: Segment): void {
    this.lane(lane).sound.add(index, segment);
  }

  /** Forgets the segments of a lane that `keeps` does not name. */
  keep(lane: number, keeps: readonly number[]): void {
    this.lane(lane).sound.keep(new Set(keeps));
  }

  setLevel(lane: number, level: LaneLevel): void {
    this.lane(lane).target = level;
  }

  /** Levels change at once and not over the next block. */
  settle(): void {
    for (const lane of this.lanes) lane.current = lane.target;
  }

  /** Whether all lanes that can be heard have their sound for the stretch. */
  hasSound(from: number, count: number): boolean {
    const to = Math.min(from + count, this.samples);
    return this.lanes.every((lane) => !isHeard(lane) || lane.sound.has(from, to));
  }

  /** Writes the sum of the lanes into both sides; silence outside of the song. The levels move over the stretch. */
  mix(from: number, left: Float32Array, right: Float32Array): void {
    left.fill(0);
    right.fill(0);
    for (const lane of this.lanes) {
      if (isHeard(lane)) lane.peak = Math.max(lane.peak, addLane(lane, from, left, right));
      lane.current = lane.target;
    }
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

function isHeard({ target, current }: Lane): boolean {
  return [target, current].some(({ left, right }) => left !== 0 || right !== 0);
}

/** @returns the largest sample that was added */
function addLane({ sound, current, target }: Lane, from: number, left: Float32Array, right: Float32Array): number {
  const count = left.length;
  const stepLeft = (target.left - current.left) / count;
  const stepRight = (target.right - current.right) / count;
  let peak = 0;
  sound.forEachSpan(from, from + count, (segment, offset, at, length) => {
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
