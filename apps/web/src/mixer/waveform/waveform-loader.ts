import { delay } from '../../api/delay.js';
import { NotReadyError, type StemSource } from '../../audio/sources/stem-source.js';
import { needsSamples } from './lane-shape.js';
import type { Waveforms } from './waveforms.js';

/** a server that failed is left alone for this long */
const RETRY_MS = 5000;

/** a view that is being zoomed loads nothing yet */
const CALM_MS = 150;

/** A part of the song, as wide as it is drawn. Samples may be fractions. */
export interface DrawnPart {
  readonly from: number;
  readonly to: number;
  readonly samplesPerColumn: number;
}

type OpenStems = (signal: AbortSignal) => Promise<readonly StemSource[]>;

/** Loads what the drawn part of the song lacks: all lanes of one place, then the next place. */
export class WaveformLoader {
  private readonly ending = new AbortController();
  private sources: Promise<readonly StemSource[]> | undefined;
  private drawn: DrawnPart | undefined;
  private zoomedAt = 0;
  private isBusy = false;

  constructor(
    private readonly open: OpenStems,
    private readonly waveforms: Waveforms,
    /** whether the line carries more than what is heard */
    private readonly isLineFree: () => boolean,
  ) {}

  /** Call it with each frame. */
  follow(drawn: DrawnPart): void {
    if (this.drawn?.samplesPerColumn !== drawn.samplesPerColumn) this.zoomedAt = performance.now();
    this.drawn = drawn;
    const isCalm = performance.now() - this.zoomedAt > CALM_MS;
    const isFine = this.waveforms.lanes.some((lane) => lane.isFine(drawn.samplesPerColumn));
    if (isCalm && isFine && this.mayLoad(drawn) && !this.isBusy && !this.ending.signal.aborted) void this.run();
  }

  close(): void {
    this.ending.abort();
  }

  /** What is heard comes first, but who zooms in to the samples wants to see them. */
  private mayLoad(drawn: DrawnPart | undefined): boolean {
    return this.isLineFree() || (drawn !== undefined && needsSamples(drawn.samplesPerColumn));
  }

  private async run(): Promise<void> {
    const { signal } = this.ending;
    this.isBusy = true;
    try {
      const sources = await this.openOnce(signal);
      while (this.mayLoad(this.drawn) && (await this.loadNext(sources, signal)));
    } catch (error) {
      // the mixer works without
      if (!(error instanceof NotReadyError)) await delay(RETRY_MS, signal);
    } finally {
      this.isBusy = false;
    }
  }

  /** @returns whether there was something to load */
  private async loadNext(sources: readonly StemSource[], signal: AbortSignal): Promise<boolean> {
    const { drawn } = this;
    const { segmentSamples = 1, samples = 0 } = sources[0] ?? {};
    if (drawn === undefined) return false;
    const end = Math.min(drawn.to, samples);
    for (let index = Math.floor(drawn.from / segmentSamples); index * segmentSamples < end; index += 1) {
      for (const [lane, source] of sources.entries()) {
        const shape = this.waveforms.lanes[lane];
        const isWanted = shape?.isFine(drawn.samplesPerColumn) === true && shape.lacks(index, drawn.samplesPerColumn);
        if (!isWanted || source.isReady?.(index) === false) continue;
        const segment = await source.segment(index, signal);
        signal.throwIfAborted();
        if (needsSamples(drawn.samplesPerColumn)) shape.keep(index, segment);
        this.waveforms.add(lane, index, segmentSamples, segment);
        return true;
      }
    }
    return false;
  }

  private openOnce(signal: AbortSignal): Promise<readonly StemSource[]> {
    this.sources ??= this.open(signal).catch((error: unknown) => {
      this.sources = undefined;
      throw error;
    });
    return this.sources;
  }
}
