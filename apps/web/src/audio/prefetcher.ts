import { NotReadyError, SAMPLE_RATE, type Segment, type StemSource } from './sources/stem-source.js';
import type { Region } from './mixing/loop-path.js';

/** seconds of audio kept ahead of and behind the position */
const AHEAD = 40;
const BEHIND = 8;

/** seconds ahead of the position that are not replaced: more than any output renders ahead */
const NEAR = 3;

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
  /** of the segment that is being loaded */
  private loading: { readonly index: number; readonly stop: AbortController } | undefined;
  private position = 0;
  private busy = false;
  private failed = false;

  constructor(
    private readonly source: StemSource,
    private readonly target: PrefetchTarget,
  ) {}

  /** Call whenever the position may have changed. */
  follow(position: number, loop: Region | undefined): void {
    this.position = position;
    this.keep(wantedSegments(this.source, position, loop));
    if (!this.busy && !this.failed && !this.ending.signal.aborted) void this.run();
  }

  /** Loads no more, because nobody hears the lane. What is there already stays while the position is near. */
  rest(position: number, loop: Region | undefined): void {
    const near = wantedSegments(this.source, position, loop);
    this.keep(near.filter((index) => this.loaded.has(index) || index === this.loading?.index));
    this.failed = false;
  }

  /** Lets `follow` load again after a failure, which stops it to leave the server alone. */
  retry(): void {
    this.failed = false;
  }

  close(): void {
    this.ending.abort();
  }

  private keep(wanted: readonly number[]): void {
    this.wanted = wanted;
    // after a seek, what comes first must not wait for what nobody needs
    if (this.loading !== undefined && !wanted.includes(this.loading.index)) this.loading.stop.abort();
    const dropped = [...this.loaded].filter((index) => !wanted.includes(index));
    if (dropped.length === 0) return;
    for (const index of dropped) this.loaded.delete(index);
    this.target.keep([...this.loaded]);
  }

  private async run(): Promise<void> {
    this.busy = true;
    try {
      for (let next = this.next(); next !== undefined; next = this.next()) {
        const segment = await this.load(next);
        if (this.ending.signal.aborted) return;
        if (segment === undefined) continue;
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

  /** @returns undefined if it is no longer wanted */
  private async load(index: number): Promise<Segment | undefined> {
    const stop = new AbortController();
    this.loading = { index, stop };
    try {
      const segment = await this.source.segment(index, AbortSignal.any([this.ending.signal, stop.signal]));
      return stop.signal.aborted ? undefined : segment;
    } catch (error) {
      if (stop.signal.aborted) return undefined;
      throw error;
    } finally {
      this.loading = undefined;
    }
  }

  /** What is missing, then what can be improved. */
  private next(): number | undefined {
    return (
      this.wanted.find((index) => !this.loaded.has(index) && (this.source.isReady?.(index) ?? true)) ??
      this.wanted.find((index) => this.loaded.has(index) && !this.isNear(index) && this.source.canImprove?.(index))
    );
  }

  /** It may be played before a better one is there. */
  private isNear(index: number): boolean {
    const { segmentSamples } = this.source;
    const start = index * segmentSamples;
    return start < this.position + NEAR * SAMPLE_RATE && start + segmentSamples > this.position;
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
