import type { Segment } from '../sources/stem-source.js';

/** samples of a joint: 23 ms */
export const JOINT = 1024;

/** A segment that may be known beyond its ends. */
export interface JoinedSegment extends Segment {
  /** what comes before it, `JOINT` samples */
  readonly before?: Segment;
  /** what comes after it, `JOINT` samples */
  readonly after?: Segment;
}

/**
 * Joins segments of different encodings: they differ by noise, which would begin or end with a click. The start of each
 * fades over from the encoding before it.
 */
export class Joints {
  /** the ends of the latest segments, by the index of the next one */
  private readonly ends = new Map<number, { readonly end: Segment; readonly after: Segment | undefined }>();

  /** Changes the start of the segment if the one before it is known. @returns the segment alone */
  join(index: number, { left, right, before, after }: JoinedSegment): Segment {
    const last = this.ends.get(index);
    const start = { left, right };
    for (const side of SIDES) {
      if (last?.after !== undefined) fade(last.after[side], start[side]);
      else if (last !== undefined && before !== undefined) mirror(last.end[side], before[side], start[side]);
    }
    this.remember(index + 1, { end: { left: left.slice(-JOINT), right: right.slice(-JOINT) }, after });
    return start;
  }

  private remember(next: number, end: { readonly end: Segment; readonly after: Segment | undefined }): void {
    this.ends.delete(next);
    this.ends.set(next, end);
    const [oldest] = this.ends.keys();
    if (oldest !== undefined && this.ends.size > KEPT) this.ends.delete(oldest);
  }
}

/** more than are in memory around a position */
const KEPT = 32;

const SIDES = ['left', 'right'] as const;

/** The sound before goes on for a while: crossfades. */
function fade(before: Float32Array, start: Float32Array): void {
  const length = Math.min(before.length, start.length);
  for (let at = 0; at < length; at += 1) {
    const share = (at + 1) / JOINT;
    start[at] = (before[at] ?? 0) * (1 - share) + (start[at] ?? 0) * share;
  }
}

/** The sound before ends here: takes the noise of the start back to none, with the noise that came before it, mirrored. */
function mirror(end: Float32Array, before: Float32Array, start: Float32Array): void {
  const length = Math.min(before.length, start.length);
  for (let at = 0; at < length; at += 1) {
    const mirrored = JOINT - 1 - at;
    const noise = (before[mirrored] ?? 0) - (end[mirrored] ?? 0);
    start[at] = (start[at] ?? 0) - noise * (1 - (at + 1) / JOINT);
  }
}
