import { openStretcher, type SoundKind, type Stretcher, type StretchLibrary } from '@app/stretch';
import { SAMPLE_RATE } from '../sources/stem-source.js';

/** Keeps stretchers for the next voice: opening one takes milliseconds of the audio thread. */
export class StretcherPool {
  private readonly idle: Record<SoundKind, Stretcher[]> = { hits: [], tones: [] };

  constructor(private readonly library: StretchLibrary) {}

  take(kind: SoundKind): Stretcher {
    return this.idle[kind].pop() ?? openStretcher(this.library, kind, SAMPLE_RATE);
  }

  give(kind: SoundKind, stretcher: Stretcher): void {
    this.idle[kind].push(stretcher);
  }
}
