import type { MixCore } from './mix-bus.js';
import { HOP, Stretch } from './time-stretch.js';

/** A part of the song, samples; the end is not in it. */
export interface Region {
  readonly start: number;
  readonly end: number;
}

/** samples over which playing fades in and out, so that it does not click: 5 ms */
const FADE = 220;

/** what must be there before playing goes on: a fifth of a second */
const LEAST_AHEAD = 8820;

/** samples that stretched playing may be off its place */
const NEAR = 4 * HOP;

/** Where the song is and how it moves on: the clock of all lanes. It is asked for sound in blocks, and never waits. */
export class Transport {
  private readonly stretch: Stretch;
  private readonly hop: [Float32Array, Float32Array] = [new Float32Array(HOP), new Float32Array(HOP)];
  private hopLeft = 0;
  private place = 0;
  private wanted: number | undefined;
  private playing = false;
  private volume = 0;
  private loop: Region | undefined;
  private speed = 1;
  private waiting = false;

  constructor(private readonly core: MixCore) {
    this.stretch = new Stretch((from, left, right) => {
      core.mix(from, left, right);
    });
  }

  /** sample of the song that comes next */
  get position(): number {
    return this.wanted ?? this.place;
  }

  /** playing is wanted, but the sound is not there yet */
  get isWaiting(): boolean {
    return this.playing && this.waiting;
  }

  get isPlaying(): boolean {
    return this.playing;
  }

  setPlaying(playing: boolean): void {
    if (playing && this.position >= this.core.samples) this.seek(this.loop?.start ?? 0);
    this.playing = playing;
  }

  setSpeed(speed: number): void {
    this.speed = speed;
  }

  setLoop(loop: Region | undefined): void {
    this.loop = loop;
  }

  seek(position: number): void {
    this.wanted = Math.min(Math.max(0, Math.round(position)), this.core.samples);
  }

  /** Fills a block: both sides equally long. */
  render(left: Float32Array, right: Float32Array): void {
    const isOn = this.playing && this.wanted === undefined;
    if (!isOn && this.volume === 0) this.jump();
    const runs = this.playing || this.volume > 0;
    this.waiting = !this.core.hasSound(this.place, LEAST_AHEAD);
    if (!runs || this.waiting) {
      left.fill(0);
      right.fill(0);
      this.volume = 0;
      return;
    }
    this.fill(left, right);
    this.applyFade(left, right, isOn ? 1 : 0);
    if (this.loop === undefined && this.place >= this.core.samples) this.playing = false;
  }

  private jump(): void {
    if (this.wanted === undefined) return;
    this.place = this.wanted;
    this.wanted = undefined;
    this.hopLeft = 0;
    this.stretch.reset();
  }

  private fill(left: Float32Array, right: Float32Array): void {
    if (this.speed !== 1 || this.hopLeft > 0) {
      this.fillStretched(left, right);
      return;
    }
    this.place = this.goOn(this.stretch.next);
    this.stretch.reset();
    for (let at = 0; at < left.length;) {
      const untilTurn = this.untilTurn();
      const count = Math.min(left.length - at, untilTurn);
      this.core.mix(this.place, left.subarray(at, at + count), right.subarray(at, at + count));
      at += count;
      this.advance(count);
    }
  }

  private fillStretched(left: Float32Array, right: Float32Array): void {
    const [hopLeft, hopRight] = this.hop;
    for (let at = 0; at < left.length;) {
      if (this.hopLeft === 0) {
        this.stretch.step(this.place, hopLeft, hopRight);
        this.hopLeft = HOP;
        this.advance(HOP * this.speed);
      }
      const from = HOP - this.hopLeft;
      const count = Math.min(this.hopLeft, left.length - at);
      left.set(hopLeft.subarray(from, from + count), at);
      right.set(hopRight.subarray(from, from + count), at);
      this.hopLeft -= count;
      at += count;
    }
  }

  /** after stretched playing: where its last piece ends, unless a loop has turned since */
  private goOn(next: number | undefined): number {
    const isNear = next !== undefined && Math.abs(next - this.place) < NEAR;
    return isNear ? next : Math.round(this.place);
  }

  /** samples until the end of the loop; without one, or behind it, any number */
  private untilTurn(): number {
    return this.loop !== undefined && this.place < this.loop.end
      ? Math.max(1, Math.ceil(this.loop.end - this.place))
      : Infinity;
  }

  private advance(count: number): void {
    const { loop } = this;
    const turns = loop !== undefined && this.place < loop.end && this.place + count >= loop.end;
    this.place = turns ? loop.start + Math.max(0, this.place + count - loop.end) : this.place + count;
  }

  private applyFade(left: Float32Array, right: Float32Array, target: number): void {
    if (this.volume === target && target === 1) return;
    const step = (target === 1 ? 1 : -1) / FADE;
    for (let index = 0; index < left.length; index += 1) {
      this.volume = Math.min(1, Math.max(0, this.volume + step));
      left[index] = (left[index] ?? 0) * this.volume;
      right[index] = (right[index] ?? 0) * this.volume;
    }
  }
}
