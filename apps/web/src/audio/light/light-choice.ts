import { effect, signal, type Signal } from '@preact/signals';
import type { Line } from './line.js';

/** What the listener wants to hear. */
export type SoundQuality = 'auto' | 'full' | 'light';

/** of the line's speed by what the masters need: below, they would soon be late */
const TOO_SLOW = 1.2;
/** above, they have room, and short stops of the line too */
const FAST = 2;

/** a line that was too slow is not trusted before */
const PATIENCE_MS = 10_000;

interface LightChoiceOptions {
  readonly line: Line;
  readonly quality: Signal<SoundQuality>;
  /** the browser asks to save data */
  readonly savesData: boolean;
  readonly now?: () => number;
}

/** Chooses between the masters and the light format, as the listener or the line wants it. */
export class LightChoice {
  /** the light format is loaded */
  readonly isLight = signal(false);
  private abandoning = new AbortController();
  private slowSince = 0;
  private stop = (): void => undefined;

  constructor(private readonly options: LightChoiceOptions) {}

  /** Begins to choose. @param demand of all masters that are heard, bytes per second */
  open(demand: () => number): void {
    const { line, quality, savesData } = this.options;
    this.stop = effect(() => {
      const speed = line.speed.value;
      const isSlow = quality.value === 'auto' && (savesData || this.isSlow(speed, demand()));
      this.decide(isSlow || quality.value === 'light');
    });
  }

  /** aborts as soon as a master should no longer be loaded */
  get abandoned(): AbortSignal {
    return this.abandoning.signal;
  }

  close(): void {
    this.stop();
  }

  private decide(isLight: boolean): void {
    if (isLight === this.isLight.peek()) return;
    this.isLight.value = isLight;
    if (isLight) this.abandoning.abort();
    else this.abandoning = new AbortController();
  }

  private isSlow(speed: number | undefined, demand: number): boolean {
    const { now = () => performance.now() } = this.options;
    const wasSlow = this.isLight.peek();
    if (speed === undefined) return wasSlow;
    const share = speed / demand;
    if (!wasSlow && share < TOO_SLOW) this.slowSince = now();
    return wasSlow ? share < FAST || now() - this.slowSince < PATIENCE_MS : share < TOO_SLOW;
  }
}
