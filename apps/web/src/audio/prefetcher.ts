import type { Segment, StemSource } from './sources/stem-source.js';
import type { Region } from './worklet/transport.js';

/** seconds of sound kept before and behind the place that is played */
const AHEAD = 40;
const BEHIND = 8;
const RATE = 44_100;

export interface FeederTarget {
  add(index: number, segment: Segment): void;
  keep(indexes: readonly number[]): void;
  failed(error: unknown): void;
}

/** Keeps the sound of one lane around the playing place in the mixer: what comes next first, one piece at a time. */
export class Feeder {
  private readonly sent = new Set<number>();
  private readonly ending = new AbortController();
  private wanted: readonly number[] = [];
  private busy = false;
  private failed = false;

  constructor(
    private readonly source: StemSource,
    private readonly target: FeederTarget,
  ) {}

  /** To be called whenever the place may have changed. */
  follow(position: number, loop: Region | undefined): void {
    this.wanted = wantedSegments(this.source, position, loop);
    const dropped = [...this.sent].filter((index) => !this.wanted.includes(index));
    if (dropped.length > 0) {
      for (const index of dropped) this.sent.delete(index);
      this.target.keep([...this.sent]);
    }
    if (!this.busy && !this.failed && !this.ending.signal.aborted) void this.run();
  }

  /** A feeder that failed leaves the server alone; from here on it asks again when it is told to follow. */
  retry(): void {
    this.failed = false;
  }

  close(): void {
    this.ending.abort();
  }

  private async run(): Promise<void> {
    this.busy = true;
    try {
      for (let next = this.next(); next !== undefined; next = this.next()) {
        const segment = await this.source.segment(next, this.ending.signal);
        if (this.ending.signal.aborted) return;
        this.sent.add(next);
        this.target.add(next, segment);
      }
    } catch (error) {
      if (this.ending.signal.aborted) return;
      this.failed = true;
      this.target.failed(error);
    } finally {
      this.busy = false;
    }
  }

  private next(): number | undefined {
    return this.wanted.find((index) => !this.sent.has(index));
  }
}

/** Segments in the order in which they are needed: onwards, over the turn of a loop, then what lies behind. */
export function wantedSegments(source: StemSource, position: number, loop: Region | undefined): number[] {
  const { segmentSamples, samples } = source;
  const wanted = new Set<number>();
  const take = (from: number, to: number): void => {
    const end = Math.min(to, samples);
    for (let at = Math.floor(Math.max(0, from) / segmentSamples); at * segmentSamples < end; at += 1) wanted.add(at);
  };
  const ahead = AHEAD * RATE;
  const isInLoop = loop !== undefined && position < loop.end;
  take(position, isInLoop ? Math.min(position + ahead, loop.end + RATE) : position + ahead);
  if (isInLoop) take(loop.start, Math.min(loop.end, loop.start + ahead));
  take(position - BEHIND * RATE, position);
  return [...wanted];
}
