import { SAMPLE_RATE } from '../sources/stem-source.js';
import { follow, type Region } from './loop-path.js';

/** 15 ms, and loud from the first sample on: it is as exact as its place */
const CLICK = Float32Array.from({ length: Math.round(0.015 * SAMPLE_RATE) }, (_, at) => {
  const time = at / SAMPLE_RATE;
  return 0.6 * Math.cos(2 * Math.PI * 1800 * time) * Math.exp(-time / 0.003);
});

/** samples: positions are sums of many steps */
const TOLERANCE = 1e-6;

/** Where a block is in the song. */
export interface BlockPlace {
  readonly position: number;
  /** samples of the song for one that is played */
  readonly speed: number;
  readonly loop: Region | undefined;
}

/** Adds a click at each beat: at the first sample that is played at or after it. */
export class ClickTrack {
  /** samples of the song, in order */
  beats: readonly number[] = [];
  isOn = false;
  /** places of clicks that began before this block, counted from its start */
  private sounding: readonly number[] = [];
  /** sample of the song up to which beats had their click; undefined at a new place */
  private done: number | undefined;

  /** Adds the clicks of the next block; both channels have the same length. */
  addBeats(left: Float32Array, right: Float32Array, place: BlockPlace): void {
    const places = this.isOn ? this.placesOf(left.length, place) : [];
    if (!this.isOn) this.done = undefined;
    this.add(left, right, places);
  }

  /** @param places samples of this block at which a click begins */
  add(left: Float32Array, right: Float32Array, places: readonly number[]): void {
    const all = [...this.sounding, ...places];
    for (const place of all) {
      addClick(left, place);
      addClick(right, place);
    }
    this.sounding = all.map((place) => place - left.length).filter((place) => place + CLICK.length > 0);
  }

  /** Ends the clicks that sound: playback goes on elsewhere. */
  stop(): void {
    this.sounding = [];
    this.done = undefined;
  }

  /** @returns a function that restores what adding changes */
  mark(): () => void {
    const { sounding, done } = this;
    return () => {
      Object.assign(this, { sounding, done });
    };
  }

  private placesOf(count: number, { position, speed, loop }: BlockPlace): number[] {
    const places: number[] = [];
    let done = this.done !== undefined && Math.abs(this.done - position) < 4 ? this.done : position - 2 * TOLERANCE;
    const addUpTo = (end: number, placeOf: (beat: number) => number): void => {
      for (let index = firstAfter(this.beats, done); (this.beats[index] ?? Infinity) <= end; index += 1) {
        places.push(placeOf(this.beats[index] ?? end));
      }
      done = end;
    };
    for (let [at, from] = [0, position]; at < count;) {
      const [start, first] = [from, at];
      const isLooping = loop !== undefined && start < loop.end;
      const untilWrap = isLooping ? Math.max(1, samplesUntil(loop.end, start, speed)) : Infinity;
      const samples = Math.min(count - first, untilWrap);
      from = follow(loop, start, samples * speed);
      at += samples;
      addUpTo(start + (samples - 1) * speed + TOLERANCE, (beat) => first + samplesUntil(beat, start, speed));
      if (!isLooping || samples < untilWrap) continue;
      // the next sample is the first at or after the last beats before the wrap, and after the first ones behind it
      const next = first + samples;
      addUpTo(loop.end - TOLERANCE, () => next);
      done = loop.start - TOLERANCE;
      addUpTo(from + TOLERANCE, () => next);
    }
    this.done = done;
    return places;
  }
}

/** How many samples are played before the first one that is at or after a sample of the song. */
function samplesUntil(target: number, from: number, speed: number): number {
  return Math.max(0, Math.ceil((target - from) / speed - TOLERANCE));
}

/** Index of the first number above a limit. */
export function firstAfter(numbers: readonly number[], limit: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? limit) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

function addClick(channel: Float32Array, place: number): void {
  const end = Math.min(channel.length, place + CLICK.length);
  for (let at = Math.max(0, place); at < end; at += 1) channel[at] = (channel[at] ?? 0) + (CLICK[at - place] ?? 0);
}
