import type { Segment } from '../sources/stem-source.js';

type Visit = (segment: Segment, offset: number, at: number, length: number) => void;

/** The segments of one lane that are in memory. */
export class LaneSound {
  private readonly segments = new Map<number, Segment>();

  constructor(
    private readonly segmentSamples: number,
    private readonly samples: number,
  ) {}

  add(index: number, segment: Segment): void {
    this.segments.set(index, segment);
  }

  keep(indexes: ReadonlySet<number>): void {
    for (const index of this.segments.keys()) if (!indexes.has(index)) this.segments.delete(index);
  }

  has(from: number, to: number): boolean {
    for (
      let index = Math.floor(Math.max(from, 0) / this.segmentSamples);
      index * this.segmentSamples < to;
      index += 1
    ) {
      if (!this.segments.has(index)) return false;
    }
    return true;
  }

  /** Visits what there is of the stretch, piece by piece; `at` counts from `from`. */
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
