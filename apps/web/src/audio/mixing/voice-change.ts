import type { Voice } from './voice.js';

/** samples for which the first voice goes on alone while the next one is prepared: 35 ms */
const PREPARATION = 1536;

/** samples of the crossfade: 23 ms */
const CROSSFADE = 1024;

/** Leads from one voice to the next without a gap: both are at the same place of the song. */
export class VoiceChange {
  readonly next: Voice;
  private untilFade: number;
  private faded = 0;

  /** @param create makes the next voice, at a sample of the song */
  constructor(
    private readonly first: Voice,
    create: (start: number) => Voice,
    { isPlain }: { readonly isPlain: boolean },
  ) {
    this.untilFade = isPlain ? 0 : PREPARATION;
    this.next = create(first.positionAfter(this.untilFade));
  }

  get isDone(): boolean {
    return this.faded >= CROSSFADE;
  }

  /** Writes the next samples. */
  fill(left: Float32Array, right: Float32Array): void {
    this.first.fill(left, right);
    if (this.untilFade > 0) {
      this.next.prepare();
      this.untilFade -= left.length;
      return;
    }
    const [nextLeft, nextRight] = [new Float32Array(left.length), new Float32Array(right.length)];
    this.next.fill(nextLeft, nextRight);
    crossfade(left, nextLeft, this.faded);
    crossfade(right, nextRight, this.faded);
    this.faded += left.length;
  }
}

/** Fades from what is written to another sound, where so many samples of the crossfade were before. */
export function crossfade(written: Float32Array, next: Float32Array, faded = 0): void {
  for (let at = 0; at < written.length; at += 1) {
    const share = Math.min(1, (faded + at + 1) / CROSSFADE);
    const fadeIn = Math.sin((Math.PI / 2) * share) ** 2;
    written[at] = (written[at] ?? 0) * (1 - fadeIn) + (next[at] ?? 0) * fadeIn;
  }
}
