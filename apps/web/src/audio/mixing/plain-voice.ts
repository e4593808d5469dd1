import { follow, spansOf } from './loop-path.js';
import type { MixBus } from './mix-bus.js';
import { isChanged, type Settings, type Voice } from './voice.js';

/** Plays the lanes as they are: each sample is the sum of their samples. */
export class PlainVoice implements Voice {
  readonly reach = 0;

  position: number;

  /** @param start may lie between two samples: it starts at the next one */
  constructor(
    private readonly bus: MixBus,
    start: number,
    public settings: Settings,
  ) {
    this.position = follow(settings.loop, start, Math.ceil(start) - start);
  }

  positionAfter(samples: number): number {
    return follow(this.settings.loop, this.position, samples);
  }

  adapt(settings: Settings): boolean {
    if (isChanged(settings.change)) return false;
    this.settings = settings;
    return true;
  }

  isFresh(settings: Settings): boolean {
    return this.adapt(settings);
  }

  prepare(): boolean {
    return true;
  }

  fill(left: Float32Array, right: Float32Array): void {
    const { loop } = this.settings;
    let at = 0;
    for (const { from, count } of spansOf(loop, this.position, left.length)) {
      this.bus.mix(from, left.subarray(at, at + count), right.subarray(at, at + count));
      at += count;
    }
    this.position = this.positionAfter(left.length);
  }

  close(): void {
    // it has nothing of its own
  }
}
