import type { Segment, StemSource } from './stem-source.js';

/** A segment may touch two of the source's, and the next one begins in the second. */
const KEPT = 2;

/** A source in segments of another length. Decodes each segment of the source once if you read in order. */
export class ResegmentedSource implements StemSource {
  readonly samples: number;
  private readonly recent = new Map<number, Segment>();

  /** @param gain linear */
  constructor(
    private readonly source: StemSource,
    readonly segmentSamples: number,
    private readonly gain: number,
  ) {
    this.samples = source.samples;
  }

  async segment(index: number, signal: AbortSignal): Promise<Segment> {
    const from = index * this.segmentSamples;
    const to = Math.min(from + this.segmentSamples, this.samples);
    const left = new Float32Array(to - from);
    const right = new Float32Array(to - from);
    const length = this.source.segmentSamples;
    for (let position = from; position < to;) {
      const start = Math.floor(position / length) * length;
      const end = Math.min(to, start + length);
      const part = await this.read(start / length, signal);
      left.set(part.left.subarray(position - start, end - start), position - from);
      right.set(part.right.subarray(position - start, end - start), position - from);
      position = end;
    }
    return scale({ left, right }, this.gain);
  }

  private async read(index: number, signal: AbortSignal): Promise<Segment> {
    const known = this.recent.get(index);
    if (known !== undefined) return known;
    const segment = await this.source.segment(index, signal);
    const [oldest] = this.recent.keys();
    if (oldest !== undefined && this.recent.size >= KEPT) this.recent.delete(oldest);
    this.recent.set(index, segment);
    return segment;
  }
}

/** Changes the level of a segment in place. @param gain linear */
export function scale(segment: Segment, gain: number): Segment {
  for (const channel of [segment.left, segment.right]) {
    for (let at = 0; at < channel.length; at += 1) channel[at] = (channel[at] ?? 0) * gain;
  }
  return segment;
}
