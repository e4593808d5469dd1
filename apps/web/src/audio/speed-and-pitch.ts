import { signal } from '@preact/signals';
import type { Change, StretchLibrary } from '@app/stretch';
import type { Command } from './mixing/protocol.js';
import { isChanged, UNCHANGED } from './mixing/voice.js';

export interface SpeedAndPitchValues {
  /** 1 is as fast as the song */
  readonly speed: number;
  /** whole ones, upwards */
  readonly semitones: number;
  /** fine tuning, upwards */
  readonly cents: number;
}

export const AS_THE_SONG: SpeedAndPitchValues = { speed: 1, semitones: 0, cents: 0 };

/**
 * Speed and pitch as the listener sets them. The library that makes them is loaded when they are first used. Until then,
 * the song plays on unchanged; if it cannot be loaded, they go back to those of the song.
 */
export class SpeedAndPitch {
  readonly values = signal(AS_THE_SONG);
  readonly isLoading = signal(false);
  readonly failure = signal<unknown>(undefined);
  private library: StretchLibrary | undefined;

  constructor(
    private readonly load: () => Promise<StretchLibrary>,
    private readonly send: (command: Command) => void,
  ) {}

  /** What the mixer is told to play. */
  get heard(): Change {
    return this.library === undefined ? UNCHANGED : changeOf(this.values.value);
  }

  set(values: Partial<SpeedAndPitchValues>): void {
    this.values.value = { ...this.values.value, ...values };
    this.failure.value = undefined;
    if (this.library !== undefined) this.send({ type: 'change', change: this.heard });
    else if (isChanged(changeOf(this.values.value)) && !this.isLoading.value) void this.open();
  }

  /** Tells a new mixer. */
  resend(): void {
    if (this.library === undefined) return;
    this.send({ type: 'stretch-library', library: this.library });
    this.send({ type: 'change', change: this.heard });
  }

  private async open(): Promise<void> {
    this.isLoading.value = true;
    try {
      this.library = await this.load();
      this.resend();
    } catch (error) {
      this.values.value = AS_THE_SONG;
      this.failure.value = error;
    } finally {
      this.isLoading.value = false;
    }
  }
}

export function changeOf({ speed, semitones, cents }: SpeedAndPitchValues): Change {
  return { speed, semitones: semitones + cents / 100 };
}
