import { BrokenFlacError, FlacFile, type ReadPart } from '@app/flac';
import type { Segment, StemSource } from './stem-source.js';

/** Decodes a small file without resampling. */
export type Decode = (
  file: ArrayBuffer,
) => Promise<{ readonly length: number; getChannelData(channel: number): Float32Array }>;

/** about three seconds: loads fast, with few requests */
const SEGMENT_SAMPLES = 131_072;

/** Reads and decodes any segment of a FLAC file by itself: it decodes to exactly its own samples. */
export class FlacSource implements StemSource {
  readonly segmentSamples: number;
  readonly samples: number;
  private readonly segmentFrames: number;

  private constructor(
    private readonly file: FlacFile,
    private readonly decode: Decode,
  ) {
    this.segmentFrames = Math.ceil(SEGMENT_SAMPLES / file.frameSamples);
    this.segmentSamples = this.segmentFrames * file.frameSamples;
    this.samples = file.samples;
  }

  /** @throws NotFlacError, or what `read` throws */
  static async open(read: ReadPart, decode: Decode, signal: AbortSignal): Promise<FlacSource> {
    return new FlacSource(await FlacFile.open(read, signal), decode);
  }

  /** @throws BrokenFlacError if the file contradicts its header */
  async segment(index: number, signal: AbortSignal): Promise<Segment> {
    const first = index * this.segmentFrames;
    const file = await this.file.cut(first, first + this.segmentFrames, signal);
    const audio = await this.decode(file.buffer);
    const expected = Math.min(this.segmentSamples, this.samples - index * this.segmentSamples);
    if (audio.length !== expected) throw new BrokenFlacError(`${audio.length} samples instead of ${expected}`);
    // copies, because both channels share the browser's buffer
    return { left: audio.getChannelData(0).slice(), right: audio.getChannelData(1).slice() };
  }
}
