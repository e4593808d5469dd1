import { signal } from '@preact/signals';
import type { Command } from './mixing/protocol.js';
import { SAMPLE_RATE } from './sources/stem-source.js';

/** The beats of the song, and what follows them. */
export class Metronome {
  /** samples of the song, in order; none where there is no tempo */
  readonly beats = signal<readonly number[]>([]);
  readonly clicks = signal(false);
  readonly countsIn = signal(false);
  /** whether the edges of a loop go to a beat while they are dragged */
  readonly snaps = signal(true);

  constructor(private readonly send: (command: Command) => void) {}

  /** @param seconds of the song, in order */
  setBeats(seconds: readonly number[]): void {
    this.beats.value = seconds.map((second) => Math.round(second * SAMPLE_RATE));
    this.resend();
  }

  setClicks(clicks: boolean): void {
    this.clicks.value = clicks;
    this.resend();
  }

  /** Tells a new mixer. */
  resend(): void {
    this.send({ type: 'beats', beats: this.beats.value });
    this.send({ type: 'click', isOn: this.clicks.value });
  }
}
