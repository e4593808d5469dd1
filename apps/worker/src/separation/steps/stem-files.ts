import { join } from 'node:path';
import { WriteProgress } from '@app/audio';
import type { StemName } from '@app/separations';
import type { EngineProgress } from '../../engine/protocol.js';

/** A new sample would clip with the gain so far: everything encoded with that gain is useless. */
export class GainChangedError extends Error {}

/** The stem files of one separation while the engine writes them: their length so far, and the gain they need. */
export class StemFiles {
  readonly written: WriteProgress;
  private decibels = 0;
  private gainChange = new AbortController();

  /**
   * @param folder where the engine writes `<stem>.wav`
   * @param samples final length of every stem, per channel
   */
  constructor(
    readonly folder: string,
    readonly names: readonly StemName[],
    samples: number,
  ) {
    this.written = new WriteProgress(samples);
  }

  /** gain for the samples so far: a whole number, 0 or below; final once the stems are complete */
  get gainDb(): number {
    return this.decibels;
  }

  /** aborts with a GainChangedError when `gainDb` changes */
  get gainChanged(): AbortSignal {
    return this.gainChange.signal;
  }

  pathOf(name: StemName): string {
    return join(this.folder, `${name}.wav`);
  }

  update({ writtenSamples, gainDb }: Pick<EngineProgress, 'writtenSamples' | 'gainDb'>): void {
    // the gain first: no encoder may finish its stem with an old gain
    if (gainDb !== this.decibels) {
      this.decibels = gainDb;
      this.gainChange.abort(new GainChangedError());
      this.gainChange = new AbortController();
    }
    this.written.advanceTo(writtenSamples);
  }
}
