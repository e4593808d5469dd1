import { join } from 'node:path';
import { Growth } from '@app/audio';
import type { StemName } from '@app/separations';
import type { EngineProgress } from '../engine/protocol.js';

/** A sample came that is too loud for the gain so far: what was encoded with it is of no use. */
export class GainChangedError extends Error {}

/** The stem files of one separation while the engine writes them: how far they are, and which gain they need. */
export class GrowingStems {
  readonly growth: Growth;
  private decibels = 0;
  private gainStop = new AbortController();

  /**
   * @param folder where the engine writes `<stem>.wav`
   * @param samples of one channel that every stem will have
   */
  constructor(
    readonly folder: string,
    readonly names: readonly StemName[],
    samples: number,
  ) {
    this.growth = new Growth(samples);
  }

  /** the gain that holds what is written so far, a whole number, 0 or below; final when the stems are whole */
  get gainDb(): number {
    return this.decibels;
  }

  /** aborts with a GainChangedError when the present gain does not hold any more */
  get gainHolds(): AbortSignal {
    return this.gainStop.signal;
  }

  pathOf(name: StemName): string {
    return join(this.folder, `${name}.wav`);
  }

  take({ writtenSamples, gainDb }: Pick<EngineProgress, 'writtenSamples' | 'gainDb'>): void {
    // the gain first: an encoder with an old one must not come to the end of its stem
    if (gainDb !== this.decibels) {
      this.decibels = gainDb;
      this.gainStop.abort(new GainChangedError());
      this.gainStop = new AbortController();
    }
    this.growth.advanceTo(writtenSamples);
  }
}
