import { LIGHT_BLOCK_SAMPLES, LIGHT_MARGIN_SAMPLES } from '../../api/contract.js';
import type { Decode } from '../sources/flac-source.js';
import type { Segment } from '../sources/stem-source.js';
import { JOINT, type JoinedSegment } from './joint.js';

export class BrokenBlockError extends Error {}

interface LightSourceOptions {
  /** of the song, per channel */
  readonly samples: number;
  readonly readBlock: (index: number, signal: AbortSignal) => Promise<ArrayBuffer>;
  readonly decode: Decode;
  /** samples by which the decoder is late */
  readonly delay: () => Promise<number>;
}

/** A lane in the light format: each segment is a small file, and begins at the very sample of the master's. */
export class LightSource {
  constructor(private readonly options: LightSourceOptions) {}

  /** @throws BrokenBlockError if the block is too short */
  async segment(index: number, signal: AbortSignal): Promise<JoinedSegment> {
    const { samples, readBlock, decode, delay } = this.options;
    const [file, late] = await Promise.all([readBlock(index, signal), delay()]);
    const audio = await decode(file);
    const start = index * LIGHT_BLOCK_SAMPLES;
    const length = Math.min(LIGHT_BLOCK_SAMPLES, samples - start);
    const at = late + Math.min(start, LIGHT_MARGIN_SAMPLES);
    if (audio.length < at + length) throw new BrokenBlockError(`${audio.length} samples instead of ${at + length}`);
    // copies, because both channels share the browser's buffer
    const part = (from: number, to: number): Segment => ({
      left: audio.getChannelData(0).slice(from, to),
      right: audio.getChannelData(1).slice(from, to),
    });
    return {
      ...part(at, at + length),
      ...(start >= JOINT && { before: part(at - JOINT, at) }),
      ...(start + length + JOINT <= samples && { after: part(at + length, at + length + JOINT) }),
    };
  }
}
