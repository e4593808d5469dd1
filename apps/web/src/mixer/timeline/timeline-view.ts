import { batch, computed, signal } from '@preact/signals';

/** samples in the closest view: far enough apart to tell them */
const MIN_LENGTH = 32;

/** while the song plays, the view moves along once the playhead is this far in it */
const HEAD_PLACE = 0.5;

/** The part of a song that the ruler and the lanes show. Samples may be fractions; places are 0 to 1 in the view. */
export class TimelineView {
  readonly from = signal(0);
  readonly length = signal(0);
  /** whether it shows a part only */
  readonly isZoomed = computed(() => this.length.value < this.samples);
  private follows = true;

  constructor(readonly samples: number) {
    this.length.value = samples;
  }

  sampleAt(place: number): number {
    return this.from.value + place * this.length.value;
  }

  /** Inverse of `sampleAt`: less than 0 or more than 1 for a sample that is not in the view. */
  placeOf(sample: number): number {
    return (sample - this.from.value) / this.length.value;
  }

  /** Shows a longer or shorter part. The sample at the place stays there. */
  zoom(factor: number, place: number): void {
    const sample = this.sampleAt(place);
    const shortest = Math.min(MIN_LENGTH, this.samples);
    const length = Math.min(this.samples, Math.max(shortest, this.length.value * factor));
    this.show(sample - place * length, length);
  }

  showAll(): void {
    this.follows = true;
    this.show(0, this.samples);
  }

  /** Shows an earlier or later part, and lets the playhead go. */
  scroll(samples: number): void {
    this.follows = false;
    this.show(this.from.value + samples, this.length.value);
  }

  /** Shows where the listener went. */
  reveal(position: number): void {
    const place = this.placeOf(position);
    this.follows = true;
    if (place < 0 || place > 1) this.center(position);
  }

  /** Moves along with the song. A view that was scrolled away stays, until the playhead comes into it. */
  follow(position: number): void {
    const place = this.placeOf(position);
    const isAway = place < 0 || place > HEAD_PLACE;
    if (!isAway) this.follows = true;
    else if (this.follows) this.center(position);
  }

  private center(position: number): void {
    this.show(position - HEAD_PLACE * this.length.value, this.length.value);
  }

  private show(from: number, length: number): void {
    batch(() => {
      this.length.value = length;
      this.from.value = Math.min(Math.max(0, from), this.samples - length);
    });
  }
}
