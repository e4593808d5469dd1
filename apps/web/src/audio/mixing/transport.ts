import type { MixBus } from './mix-bus.js';
import { HOP, TimeStretch } from './time-stretch.js';

/** A region of the song in samples, without its end. */
export interface Region {
  readonly start: number;
  readonly end: number;
}

/** samples of the fades that keep play and pause from clicking: 5 ms */
const FADE = 220;

/** samples that must be in memory to play: a fifth of a second */
const MIN_BUFFERED = 8820;

/** samples that time stretching may be off its position */
const MAX_DRIFT = 4 * HOP;

/** The clock of all lanes: the position in the song and how it advances. Renders blocks, and never blocks itself. */
export class Transport {
  private readonly stretch: TimeStretch;
  private readonly hop: [Float32Array, Float32Array] = [new Float32Array(HOP), new Float32Array(HOP)];
  private hopLeft = 0;
  private current = 0;
  private sought: number | undefined;
  private playing = false;
  private volume = 0;
  private loop: Region | undefined;
  private speed = 1;
  private waiting = false;

  constructor(private readonly bus: MixBus) {
    this.stretch = new TimeStretch((from, left, right) => {
      bus.mix(from, left, right);
    });
  }

  /** next sample of the song to play */
  get position(): number {
    return this.sought ?? this.current;
  }

  /** playback waits for audio that is still loading */
  get isWaiting(): boolean {
    return this.playing && this.waiting;
  }

  get isPlaying(): boolean {
    return this.playing;
  }

  setPlaying(playing: boolean): void {
    if (playing && this.position >= this.bus.samples) this.seek(this.loop?.start ?? 0);
    this.playing = playing;
  }

  setSpeed(speed: number): void {
    this.speed = speed;
  }

  setLoop(loop: Region | undefined): void {
    this.loop = loop;
  }

  seek(position: number): void {
    this.sought = Math.min(Math.max(0, Math.round(position)), this.bus.samples);
  }

  /** Fills a block; both channels have the same length. */
  render(left: Float32Array, right: Float32Array): void {
    this.waiting = !this.bus.hasAudio(this.current, MIN_BUFFERED);
    // a seek and a wait fade out first, and a seek jumps in silence
    const isOn = this.playing && this.sought === undefined && !this.waiting;
    if (!isOn && this.volume === 0) {
      this.jump();
      // nobody hears a ramp now, and a lane that was turned off needs no audio
      this.bus.settle();
      left.fill(0);
      right.fill(0);
      return;
    }
    this.fill(left, right);
    this.applyFade(left, right, isOn ? 1 : 0);
    if (this.loop === undefined && this.current >= this.bus.samples) this.playing = false;
  }

  /** @returns a function that restores what rendering changes */
  mark(): () => void {
    const { hopLeft, current, sought, playing, volume, waiting } = this;
    const [left, right] = this.hop.map((channel) => channel.slice());
    const restoreStretch = this.stretch.mark();
    return () => {
      Object.assign(this, { hopLeft, current, sought, playing, volume, waiting });
      if (left !== undefined) this.hop[0].set(left);
      if (right !== undefined) this.hop[1].set(right);
      restoreStretch();
    };
  }

  private jump(): void {
    if (this.sought === undefined) return;
    this.current = this.sought;
    this.sought = undefined;
    this.hopLeft = 0;
    this.stretch.reset();
  }

  private fill(left: Float32Array, right: Float32Array): void {
    if (this.speed !== 1 || this.hopLeft > 0) {
      this.fillStretched(left, right);
      return;
    }
    this.current = this.resumeAt(this.stretch.next);
    this.stretch.reset();
    for (let at = 0; at < left.length;) {
      const count = Math.min(left.length - at, this.untilLoopEnd());
      this.bus.mix(this.current, left.subarray(at, at + count), right.subarray(at, at + count));
      at += count;
      this.advance(count);
    }
  }

  private fillStretched(left: Float32Array, right: Float32Array): void {
    const [hopLeft, hopRight] = this.hop;
    for (let at = 0; at < left.length;) {
      if (this.hopLeft === 0) {
        this.stretch.step(this.current, hopLeft, hopRight);
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

  /** Continues at the end of the last stretched grain, unless the loop has wrapped since. */
  private resumeAt(next: number | undefined): number {
    const isNear = next !== undefined && Math.abs(next - this.current) < MAX_DRIFT;
    return isNear ? next : Math.round(this.current);
  }

  /** samples until the loop wraps; infinite outside a loop */
  private untilLoopEnd(): number {
    return this.loop !== undefined && this.current < this.loop.end
      ? Math.max(1, Math.ceil(this.loop.end - this.current))
      : Infinity;
  }

  private advance(count: number): void {
    const { loop } = this;
    const next = this.current + count;
    const wraps = loop !== undefined && this.current < loop.end && next >= loop.end;
    this.current = wraps ? loop.start + next - loop.end : next;
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
