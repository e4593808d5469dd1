import type { SoundKind } from '@app/stretch';
import type { Segment } from '../sources/stem-source.js';
import { LaneBuffer } from './lane-buffer.js';
import type { Span } from './loop-path.js';

/** How loud a lane is on each side, linear; 0 if it is muted. */
export interface LaneLevel {
  readonly left: number;
  readonly right: number;
}

const SILENT: LaneLevel = { left: 0, right: 0 };

/** What the mixer must know of a lane. */
export interface LaneFormat {
  readonly segmentSamples: number;
  readonly kind: SoundKind;
}

interface Lane {
  readonly buffer: LaneBuffer;
  readonly kind: SoundKind;
  /** as it was set; a lane that is turned on stays silent until its audio is in memory */
  wanted: LaneLevel;
  target: LaneLevel;
  current: LaneLevel;
  /** largest sample since the last call of `takePeaks`, after the level */
  peak: number;
}

/** Sums the lanes. All are read at the same position, so they cannot drift apart. */
export class MixBus {
  private readonly lanes: Lane[];
  private changes = 0;

  /** @param samples length of the song, in samples of one channel */
  constructor(
    lanes: readonly LaneFormat[],
    readonly samples: number,
  ) {
    this.lanes = lanes.map(({ segmentSamples, kind }) => ({
      buffer: new LaneBuffer(segmentSamples, samples),
      kind,
      wanted: SILENT,
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

  setLevel(index: number, level: LaneLevel): void {
    const lane = this.lane(index);
    lane.wanted = level;
    if (isOn(lane.target) || !isOn(level)) this.apply(lane);
  }

  /**
   * Lets in the lanes that were turned on, if their audio is in memory. The others play on until then; without any other,
   * there is nothing to play on.
   */
  admit(spans: readonly Span[]): void {
    const isSilent = !this.lanes.some(isAudible);
    for (const lane of this.lanes.filter(isJoining)) {
      if (isSilent || spans.every(({ from, count }) => this.has(lane, from, count))) this.apply(lane);
    }
  }

  /** A lane was turned on, and is not heard yet. */
  get isJoining(): boolean {
    return this.lanes.some(isJoining);
  }

  /** changes with each level */
  get version(): number {
    return this.changes;
  }

  /** The level of each lane that was set last. */
  levels(): LaneLevel[] {
    return this.lanes.map(({ target }) => target);
  }

  /** Which lanes can be heard. */
  audible(): boolean[] {
    return this.lanes.map(({ target }) => isOn(target));
  }

  lanesOf(kind: SoundKind): number[] {
    return this.lanes.flatMap((lane, index) => (lane.kind === kind ? [index] : []));
  }

  /** Applies new levels at once, instead of over the next block, and lets in every lane. */
  settle(): void {
    for (const lane of this.lanes) {
      if (isJoining(lane)) this.apply(lane);
      lane.current = lane.target;
    }
  }

  /** Whether the audio of every audible lane is in memory. */
  hasAudio(from: number, count: number): boolean {
    return this.lanes.every((lane) => !isAudible(lane) || this.has(lane, from, count));
  }

  private has(lane: Lane, from: number, count: number): boolean {
    return lane.buffer.has(from, Math.min(from + count, this.samples));
  }

  private apply(lane: Lane): void {
    const { wanted, target } = lane;
    if (target.left !== wanted.left || target.right !== wanted.right) this.changes += 1;
    lane.target = wanted;
  }

  /** Writes the sum of the lanes, silence outside the song. Levels ramp to their new value over the block. */
  mix(from: number, left: Float32Array, right: Float32Array): void {
    left.fill(0);
    right.fill(0);
    for (const lane of this.lanes) {
      if (isAudible(lane)) {
        addLane(lane.buffer, from, { start: lane.current, end: lane.target }, left, right);
        measureLane(lane, from, left.length);
      }
      lane.current = lane.target;
    }
  }

  /** Adds the lanes of one kind. Their levels ramp from those given, which are updated. */
  addKind(kind: SoundKind, levels: LaneLevel[], from: number, left: Float32Array, right: Float32Array): void {
    this.lanes.forEach((lane, index) => {
      const start = levels[index] ?? SILENT;
      if (lane.kind !== kind || !(isOn(start) || isOn(lane.target))) return;
      addLane(lane.buffer, from, { start, end: lane.target }, left, right);
      levels[index] = lane.target;
    });
  }

  /** Notes the peaks of what is heard, where it is not mixed right now: another voice plays it. */
  measure(from: number, count: number): void {
    for (const lane of this.lanes) {
      if (isOn(lane.target)) measureLane(lane, from, count);
      // no ramp is left to play, so a lane that was turned off needs no audio
      lane.current = lane.target;
    }
  }

  /** @returns a function that restores what mixing changes */
  mark(): () => void {
    const levels = this.lanes.map(({ current, target }) => ({ current, target }));
    return () => {
      this.lanes.forEach((lane, index) => {
        const { current, target } = levels[index] ?? { current: SILENT, target: SILENT };
        lane.current = current;
        // it may have come in later
        if (!isOn(target)) lane.target = SILENT;
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
  return isOn(target) || isOn(current);
}

function isJoining({ target, wanted }: Lane): boolean {
  return isOn(wanted) && !isOn(target);
}

function isOn({ left, right }: LaneLevel): boolean {
  return left !== 0 || right !== 0;
}

interface Ramp {
  readonly start: LaneLevel;
  readonly end: LaneLevel;
}

function addLane(
  buffer: LaneBuffer,
  from: number,
  { start, end }: Ramp,
  left: Float32Array,
  right: Float32Array,
): void {
  const count = left.length;
  const stepLeft = (end.left - start.left) / count;
  const stepRight = (end.right - start.right) / count;
  buffer.forEachSpan(from, from + count, (segment, offset, at, length) => {
    const { left: fromLeft, right: fromRight } = segment;
    for (let index = 0; index < length; index += 1) {
      const out = at + index;
      left[out] = (left[out] ?? 0) + (fromLeft[offset + index] ?? 0) * (start.left + stepLeft * (out + 1));
      right[out] = (right[out] ?? 0) + (fromRight[offset + index] ?? 0) * (start.right + stepRight * (out + 1));
    }
  });
}

function measureLane(lane: Lane, from: number, count: number): void {
  const { left, right } = lane.target;
  lane.buffer.forEachSpan(from, from + count, (segment, offset, _at, length) => {
    for (let index = offset; index < offset + length; index += 1) {
      const l = Math.abs(segment.left[index] ?? 0) * left;
      const r = Math.abs(segment.right[index] ?? 0) * right;
      lane.peak = Math.max(lane.peak, l, r);
    }
  });
}
