import type { Change } from '@app/stretch';
import type { Region } from './loop-path.js';

/** How the song is played. */
export interface Settings {
  readonly change: Change;
  readonly loop: Region | undefined;
}

/** Plays the lanes of a song from a position on. */
export interface Voice {
  /** what it plays now */
  readonly settings: Settings;
  /** next sample of the song to play; between two samples if the speed is changed */
  readonly position: number;
  /** Its position after so many samples that it plays. */
  positionAfter(samples: number): number;
  /** samples of the song that it reads ahead of its position at most */
  readonly reach: number;
  /** Adapts to the settings and to the levels of the lanes. Returns false if only another voice can play them. */
  adapt(settings: Settings): boolean;
  /** Whether it plays the song as if it had been made for these settings and levels. */
  isFresh(settings: Settings): boolean;
  /** Does a part of the work that comes before the first sample. @returns whether all of it is done */
  prepare(): boolean;
  /** Writes the next samples. */
  fill(left: Float32Array, right: Float32Array): void;
  /** Frees what other voices can use. */
  close(): void;
}

export const UNCHANGED: Change = { speed: 1, semitones: 0 };

export function isChanged({ speed, semitones }: Change): boolean {
  return speed !== 1 || semitones !== 0;
}
