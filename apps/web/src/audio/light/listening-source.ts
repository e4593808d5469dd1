import { BrokenFlacError } from '@app/flac';
import { LIGHT_BLOCK_SAMPLES } from '../../api/contract.js';
import { ResegmentedSource } from '../sources/resegmented-source.js';
import type { Segment, StemSource } from '../sources/stem-source.js';
import { Joints, type JoinedSegment } from './joint.js';
import type { LightChoice } from './light-choice.js';

interface ListeningSourceOptions {
  /** of the song, per channel */
  readonly samples: number;
  readonly choice: Pick<LightChoice, 'isLight' | 'abandoned'>;
  readonly openMaster: (signal: AbortSignal) => Promise<StemSource>;
  readonly light: { segment(index: number, signal: AbortSignal): Promise<JoinedSegment> };
}

/** A lane as it is heard: each segment from its master, or in the light format. Opens the master when it is needed. */
export class ListeningSource implements StemSource {
  readonly segmentSamples = LIGHT_BLOCK_SAMPLES;
  readonly samples: number;
  private readonly joints = new Joints();
  /** segments that were read in the light format last */
  private readonly light = new Set<number>();
  private master: Promise<StemSource> | undefined;

  constructor(private readonly options: ListeningSourceOptions) {
    this.samples = options.samples;
  }

  /** @throws BrokenFlacError if the master is out of step with the song */
  async segment(index: number, signal: AbortSignal): Promise<Segment> {
    return this.joints.join(index, await this.read(index, signal));
  }

  canImprove(index: number): boolean {
    return this.light.has(index) && !this.options.choice.isLight.peek();
  }

  private async read(index: number, signal: AbortSignal): Promise<JoinedSegment> {
    const { choice, light } = this.options;
    const { abandoned } = choice;
    if (!choice.isLight.peek()) {
      try {
        const stop = AbortSignal.any([signal, abandoned]);
        const segment = await (await this.openOnce(stop)).segment(index, stop);
        this.light.delete(index);
        return segment;
      } catch (error) {
        // the line has turned out to be too slow for the rest of it
        if (signal.aborted || !abandoned.aborted) throw error;
      }
    }
    const segment = await light.segment(index, signal);
    this.light.add(index);
    return segment;
  }

  private openOnce(signal: AbortSignal): Promise<StemSource> {
    this.master ??= this.open(signal).catch((error: unknown) => {
      // not kept: the server may only have been busy
      this.master = undefined;
      throw error;
    });
    return this.master;
  }

  private async open(signal: AbortSignal): Promise<StemSource> {
    const master = await this.options.openMaster(signal);
    if (master.samples !== this.samples) {
      throw new BrokenFlacError(`the file has ${master.samples} samples, its song has ${this.samples}`);
    }
    const { segmentSamples } = this;
    return master.segmentSamples === segmentSamples ? master : new ResegmentedSource(master, segmentSamples, 1);
  }
}
