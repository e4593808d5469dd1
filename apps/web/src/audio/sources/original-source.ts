import { BrokenFlacError } from '@app/flac';
import type { Segment, StemSource } from './stem-source.js';

/** The original song. Opens it on the first read: few listeners ask for it, and an earlier server decodes it then. */
export class OriginalSource implements StemSource {
  private opened: Promise<StemSource> | undefined;

  constructor(
    readonly samples: number,
    readonly segmentSamples: number,
    private readonly open: (signal: AbortSignal) => Promise<StemSource>,
  ) {}

  /** @throws BrokenFlacError if it is out of step with the stems */
  async segment(index: number, signal: AbortSignal): Promise<Segment> {
    const song = await this.openOnce(signal);
    if (song.samples !== this.samples || song.segmentSamples !== this.segmentSamples) {
      throw new BrokenFlacError(`the original has ${song.samples} samples, its stems have ${this.samples}`);
    }
    return song.segment(index, signal);
  }

  private openOnce(signal: AbortSignal): Promise<StemSource> {
    this.opened ??= this.open(signal).catch((error: unknown) => {
      // not kept: the server may only have been busy
      this.opened = undefined;
      throw error;
    });
    return this.opened;
  }
}
