import { ApiError } from '@app/client';
import { NotReadyError, SAMPLE_RATE, type Segment, type StemSource } from '../../audio/sources/stem-source.js';
import type { PreviewBlocks } from './preview-blocks.js';

interface GrowingStemOptions {
  /** length of the song, in samples of one channel */
  readonly samples: number;
  readonly blocks: PreviewBlocks;
  /** reads a block of this stem, at the level of the song */
  readonly readBlock: (attempt: string, n: number, signal: AbortSignal) => Promise<Segment>;
  /** opens the complete stem in the same segments, at the level of the song */
  readonly openMaster: (signal: AbortSignal) => Promise<StemSource>;
}

/** A stem that is still being separated: its preview, and the complete stem as soon as there is one. */
export class GrowingStem implements StemSource {
  /** short: a segment can be heard once all of it is there */
  readonly segmentSamples = SAMPLE_RATE;
  readonly samples: number;
  private master: Promise<StemSource> | undefined;
  private recent: { readonly name: string; readonly audio: Segment } | undefined;

  constructor(private readonly options: GrowingStemOptions) {
    this.samples = options.samples;
  }

  isReady(index: number): boolean {
    const { blocks } = this.options;
    return blocks.completed !== undefined || blocks.find(...this.stretch(index)) !== undefined;
  }

  /** @throws NotReadyError for what is gone, or not there yet */
  async segment(index: number, signal: AbortSignal): Promise<Segment> {
    if (this.options.blocks.completed === undefined) return this.readPreview(...this.stretch(index), signal);
    return (await this.openOnce(signal)).segment(index, signal);
  }

  private stretch(index: number): [from: number, to: number] {
    const from = index * this.segmentSamples;
    return [from, Math.min(from + this.segmentSamples, this.samples)];
  }

  private openOnce(signal: AbortSignal): Promise<StemSource> {
    this.recent = undefined;
    this.master ??= this.options.openMaster(signal).catch((error: unknown) => {
      // not kept: the server may only have been busy
      this.master = undefined;
      throw error;
    });
    return this.master;
  }

  private async readPreview(from: number, to: number, signal: AbortSignal): Promise<Segment> {
    const { blocks } = this.options;
    const { attempt } = blocks;
    const left = new Float32Array(to - from);
    const right = new Float32Array(to - from);
    for (const block of blocks.find(from, to) ?? notReady()) {
      const audio = await this.readBlock(attempt, block.n, signal);
      const start = Math.max(from, block.from);
      const end = Math.min(to, block.to);
      left.set(audio.left.subarray(start - block.from, end - block.from), start - from);
      right.set(audio.right.subarray(start - block.from, end - block.from), start - from);
    }
    return { left, right };
  }

  private async readBlock(attempt: string, n: number, signal: AbortSignal): Promise<Segment> {
    const name = `${attempt}/${n}`;
    if (this.recent?.name === name) return this.recent.audio;
    const audio = await this.options.readBlock(attempt, n, signal).catch((error: unknown) => {
      if (!(error instanceof ApiError) || (error.status !== 404 && error.status !== 410)) throw error;
      // of a worker that was lost, or the separation has just ended
      this.options.blocks.forget(attempt);
      return notReady();
    });
    this.recent = { name, audio };
    return audio;
  }
}

function notReady(): never {
  throw new NotReadyError('the preview has no such block');
}
