import type { Segment, StemSource } from './stem-source.js';

/** what of a song of any format may be decoded at once: a quarter of an hour is 320 MB */
export const LONGEST_ORIGINAL_SECONDS = 900;

const SEGMENT_SAMPLES = 131_072;

type Whole = Pick<AudioBuffer, 'length' | 'numberOfChannels' | 'getChannelData'>;

/** The uploaded song. Its format may be any, so all of it is decoded, when it is first asked for. */
export class OriginalSource implements StemSource {
  readonly segmentSamples = SEGMENT_SAMPLES;
  private whole: Promise<Whole> | undefined;

  constructor(
    readonly samples: number,
    private readonly load: (signal: AbortSignal) => Promise<Whole>,
  ) {}

  async segment(index: number, signal: AbortSignal): Promise<Segment> {
    this.whole ??= this.load(signal);
    const whole = await this.whole;
    const start = index * this.segmentSamples;
    const length = Math.min(this.segmentSamples, this.samples - start);
    const side = (channel: number): Float32Array => {
      const part = new Float32Array(length);
      part.set(whole.getChannelData(channel).subarray(start, start + length));
      return part;
    };
    return { left: side(0), right: side(whole.numberOfChannels > 1 ? 1 : 0) };
  }
}
