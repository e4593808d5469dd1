import type { Segment } from '../sources/stem-source.js';

type Visit = (segment: Segment, offset: number, at: number, length: number) => void;

/** The segments of one lane that are in memory. */
export class LaneBuffer {
  private readonly segments = new Map<number, Segment>();

  constructor(
    private readonly segmentSamples: number,
    private readonly samples: number,
  ) {}

  add(index: number, segment: Segment): void {
    this.segments.set(index, segment);
  }

  /** Frees every other segment. */
  keep(indexes: ReadonlySet<number>): void {
    for (const index of this.segments.keys()) if (!indexes.has(index)) this.segments.delete(index);
  }

  /** Whether all samples from `from` up to `to` are in memory. */
  has(from: number, to: number): boolean {
    const first = Math.floor(Math.max(from, 0) / this.segmentSamples);
    for (let index = first; index * this.segmentSamples < to; index += 1) {
      if (!this.segments.has(index)) return false;
    }
    return true;
  }

  /** Visits what is in memory between `from` and `to`, segment by segment; `at` counts from `from`. */
  forEachSpan(from: number, to: number, visit: Visit): void {
    const end = Math.min(to, this.samples);
    for (let position = Math.max(from, 0); position < end;) {
      const index = Math.floor(position / this.segmentSamples);
      const next = Math.min((index + 1) * this.segmentSamples, end);
      const segment = this.segments.get(index);
      if (segment !== undefined) {
        visit(segment, position - index * this.segmentSamples, position - from, next - position);
      }
      position = next;
    }
  }
}
