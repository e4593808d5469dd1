import { NotReadyError, SAMPLE_RATE, type Segment, type StemSource } from './sources/stem-source.js';
import type { Region } from './mixing/loop-path.js';

/** seconds of audio kept ahead of and behind the position */
const AHEAD = 40;
const BEHIND = 8;

interface PrefetchTarget {
  add(index: number, segment: Segment): void;
  keep(indexes: readonly number[]): void;
  failed(error: unknown): void;
}

/** Keeps the audio of one lane around the position in the mixer. Loads one segment at a time, the next one first. */
export class Prefetcher {
  private readonly loaded = new Set<number>();
  private readonly ending = new AbortController();
  private wanted: readonly number[] = [];
  private busy = false;
  private failed = false;

  constructor(
    private readonly source: StemSource,
    private readonly target: PrefetchTarget,
  ) {}

  /** Call whenever the position may have changed. */
  follow(position: number, loop: Region | undefined): void {
    this.wanted = wantedSegments(this.source, position, loop);
    const dropped = [...this.loaded].filter((index) => !this.wanted.includes(index));
    if (dropped.length > 0) {
      for (const index of dropped) this.loaded.delete(index);
      this.target.keep([...this.loaded]);
    }
    if (!this.busy && !this.failed && !this.ending.signal.aborted) void this.run();
  }

  /** Lets `follow` load again after a failure, which stops it to leave the server alone. */
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
        this.loaded.add(next);
        this.target.add(next, segment);
      }
    } catch (error) {
      // what is not ready is asked for again at the next `follow`
      if (this.ending.signal.aborted || error instanceof NotReadyError) return;
      this.failed = true;
      this.target.failed(error);
    } finally {
      this.busy = false;
    }
  }

  private next(): number | undefined {
    return this.wanted.find((index) => !this.loaded.has(index) && (this.source.isReady?.(index) ?? true));
  }
}

/** The segments to keep, in the order they are needed: ahead, from the loop's start, then behind. */
export function wantedSegments(source: StemSource, position: number, loop: Region | undefined): number[] {
  const { segmentSamples, samples } = source;
  const wanted = new Set<number>();
  const take = (from: number, to: number): void => {
    const end = Math.min(to, samples);
    for (let at = Math.floor(Math.max(0, from) / segmentSamples); at * segmentSamples < end; at += 1) wanted.add(at);
  };
  const ahead = AHEAD * SAMPLE_RATE;
  const isInLoop = loop !== undefined && position < loop.end;
  take(position, isInLoop ? Math.min(position + ahead, loop.end + SAMPLE_RATE) : position + ahead);
  if (isInLoop) take(loop.start, Math.min(loop.end, loop.start + ahead));
  take(position - BEHIND * SAMPLE_RATE, position);
  return [...wanted];
}
