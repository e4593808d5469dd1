import type { Change, StretchLibrary } from '@app/stretch';
import { ClickTrack } from './click-track.js';
import { advance, countInAt, type CountIn } from './count-in.js';
import { spansOf, type Region, type Span } from './loop-path.js';
import type { MixBus } from './mix-bus.js';
import { PlainVoice } from './plain-voice.js';
import { reachOf, StretchedVoice } from './stretched-voice.js';
import { StretcherPool } from './stretcher-pool.js';
import { isChanged, UNCHANGED, type Settings, type Voice } from './voice.js';
import { VoiceChange } from './voice-change.js';

/** samples of the fades that keep play and pause from clicking: 5 ms */
const FADE = 220;

/** samples that must be in memory to play: a fifth of a second */
const MIN_BUFFERED = 8820;

/** The clock of all lanes: the position in the song and how it advances. Renders blocks, and never blocks itself. */
export class Transport {
  readonly clicks = new ClickTrack();
  private stretchers: StretcherPool | undefined;
  private voice: Voice | undefined;
  /** to the voice that is heard next */
  private voiceChange: VoiceChange | undefined;
  private current = 0;
  private sought: number | undefined;
  private playing = false;
  private volume = 0;
  private settings: Settings = { change: UNCHANGED, loop: undefined };
  private waiting = false;
  private isCountInWanted = false;
  private countIn: CountIn | undefined;

  constructor(private readonly bus: MixBus) {}

  /** next sample of the song to play */
  get position(): number {
    return this.sought ?? this.current;
  }

  /** playback waits for audio that is still loading */
  get isWaiting(): boolean {
    return this.playing && this.waiting;
  }

  /** a lane comes in as soon as its audio is there */
  get isJoining(): boolean {
    return this.playing && this.bus.isJoining;
  }

  get isPlaying(): boolean {
    return this.playing;
  }

  /** clicks are heard, and the song has not begun yet */
  get isCountingIn(): boolean {
    return this.playing && this.countIn !== undefined;
  }

  /** @param countIn whether a bar of clicks comes first, where there is a tempo */
  play(countIn = false): void {
    if (this.position >= this.bus.samples) this.seek(this.settings.loop?.start ?? 0);
    this.playing = true;
    this.isCountInWanted = countIn;
  }

  pause(): void {
    this.playing = false;
    this.isCountInWanted = false;
    this.countIn = undefined;
  }

  /** Needed before the speed or the pitch changes. */
  setStretchLibrary(library: StretchLibrary): void {
    this.stretchers = new StretcherPool(library);
  }

  setChange(change: Change): void {
    if (isChanged(change) && this.stretchers === undefined) throw new Error('the stretch library is missing');
    this.settings = { ...this.settings, change };
  }

  setLoop(loop: Region | undefined): void {
    this.settings = { ...this.settings, loop };
  }

  seek(position: number): void {
    this.sought = Math.min(Math.max(0, Math.round(position)), this.bus.samples);
  }

  /** Fills a block; both channels have the same length. */
  render(left: Float32Array, right: Float32Array): void {
    const spans = this.nextSpans();
    // nobody hears a ramp now, and playback begins with all lanes
    if (this.volume === 0) this.bus.settle();
    else this.bus.admit(spans);
    this.waiting = !spans.every(({ from, count }) => this.bus.hasAudio(from, count));
    // a seek and a wait fade out first, and a seek jumps in silence
    const isWanted = this.playing && this.sought === undefined && !this.waiting;
    if (this.volume === 0) {
      const isReady = this.rest();
      if (!isWanted || !isReady) {
        left.fill(0);
        right.fill(0);
        return;
      }
      if (this.countsIn(left, right)) return;
    }
    this.fill(left, right);
    this.applyFade(left, right, isWanted ? 1 : 0);
    if (this.settings.loop === undefined && this.current >= this.bus.samples) this.playing = false;
  }

  /**
   * Remembers what rendering changes.
   * @returns a function that goes back, and tells whether the sound goes on as it did: a stretched one does not
   */
  mark(): () => boolean {
    const { current, sought, playing, volume, waiting, isCountInWanted, countIn } = this;
    const restoreClicks = this.clicks.mark();
    const isPlain = this.voiceChange === undefined && this.voice instanceof PlainVoice;
    const isExact = isPlain || this.voice === undefined;
    return () => {
      Object.assign(this, { current, sought, playing, volume, waiting, isCountInWanted, countIn });
      restoreClicks();
      this.dropVoices();
      if (isPlain) this.voice = new PlainVoice(this.bus, current, { ...this.settings, change: UNCHANGED });
      return isExact;
    };
  }

  /** What must be in memory to play. */
  private nextSpans(): Span[] {
    const { change, loop } = this.settings;
    const reach = Math.max(reachOf(change), this.voice?.reach ?? 0);
    return spansOf(loop, Math.round(this.current), MIN_BUFFERED + reach);
  }

  /** Does what nobody may hear. @returns whether playback can go on */
  private rest(): boolean {
    if (this.sought !== undefined) {
      this.current = this.sought;
      this.sought = undefined;
      this.dropVoices();
      // starts over at the new place
      this.isCountInWanted ||= this.countIn !== undefined;
      this.countIn = undefined;
    }
    if (this.countIn === undefined) this.clicks.stop();
    if (this.voiceChange !== undefined || this.voice?.isFresh(this.settings) !== true) this.dropVoices();
    if (this.waiting) return false;
    this.voice ??= this.createVoice(this.current);
    return this.voice.prepare();
  }

  /** Plays the count-in, if there is one. @returns whether it filled the block */
  private countsIn(left: Float32Array, right: Float32Array): boolean {
    if (this.isCountInWanted) {
      this.isCountInWanted = false;
      const { speed } = this.settings.change;
      this.countIn = countInAt(this.current, this.clicks.beats, speed, left.length);
    }
    if (this.countIn === undefined) return false;
    left.fill(0);
    right.fill(0);
    this.clicks.add(
      left,
      right,
      this.countIn.clicks.filter((click) => click < left.length),
    );
    const rest = advance(this.countIn, left.length);
    this.countIn = rest.left > 0 ? rest : undefined;
    return true;
  }

  private fill(left: Float32Array, right: Float32Array): void {
    this.voice ??= this.createVoice(this.current);
    if (this.voiceChange === undefined && !this.voice.adapt(this.settings)) {
      this.voiceChange = new VoiceChange(this.voice, (start) => this.createVoice(start), {
        isPlain: !isChanged(this.settings.change),
      });
    }
    const { position, settings } = this.voice;
    if (this.voiceChange === undefined) this.voice.fill(left, right);
    else this.voiceChange.fill(left, right);
    this.clicks.addBeats(left, right, { position, speed: settings.change.speed, loop: settings.loop });
    if (this.voiceChange?.isDone === true) {
      this.voice.close();
      this.voice = this.voiceChange.next;
      this.voiceChange = undefined;
    }
    this.current = this.voice.position;
  }

  private createVoice(position: number): Voice {
    return this.stretchers !== undefined && isChanged(this.settings.change)
      ? new StretchedVoice(this.bus, this.stretchers, position, this.settings)
      : new PlainVoice(this.bus, position, this.settings);
  }

  private dropVoices(): void {
    this.voice?.close();
    this.voiceChange?.next.close();
    this.voice = undefined;
    this.voiceChange = undefined;
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
