import { signal } from '@preact/signals';
import type { SoundKind, StretchLibrary } from '@app/stretch';
import { laneLevels, type LaneSettings } from './levels.js';
import { Metronome } from './metronome.js';
import type { Command, Report } from './mixing/protocol.js';
import type { Region } from './mixing/loop-path.js';
import type { MixerOutput } from './output/mixer-output.js';
import { openMixerOutput } from './output/open-mixer-output.js';
import { Prefetcher } from './prefetcher.js';
import { OriginalSource } from './sources/original-source.js';
import { SAMPLE_RATE, type Segment, type StemSource } from './sources/stem-source.js';
import { SpeedAndPitch } from './speed-and-pitch.js';

export interface PlayerOptions {
  /** opens the audio of every stem, in the order of the lanes */
  readonly openStems: (context: BaseAudioContext, signal: AbortSignal) => Promise<readonly StemSource[]>;
  readonly openOriginal: (context: BaseAudioContext, signal: AbortSignal) => Promise<StemSource>;
  readonly loadStretchLibrary: () => Promise<StretchLibrary>;
  /** what each lane sounds like */
  readonly kinds: readonly SoundKind[];
  /** initial settings of every lane */
  readonly lanes: readonly LaneSettings[];
  /** length of the song, in samples of one channel */
  readonly samples: number;
  /** makes the original as loud as the song in its stems, linear */
  readonly originalLevel: () => number;
  /** called with each part of a lane before it is played; the original is the last lane */
  readonly onSegment: (lane: number, index: number, segmentSamples: number, segment: Segment) => void;
}

/** seconds that a position is extrapolated after a report at most */
const MAX_EXTRAPOLATION = 0.2;

const SILENT = { left: 0, right: 0 };

/** Plays a song: its lanes, and one transport for all of them. Positions are samples. */
export class Player {
  readonly position = signal(0);
  /** counts the calls of `seek` */
  readonly seeks = signal(0);
  readonly isPlaying = signal(false);
  readonly isWaiting = signal(false);
  /** a lane that was turned on comes in as soon as its audio is there */
  readonly isJoining = signal(false);
  /** clicks are heard, and the song has not begun yet */
  readonly isCountingIn = signal(false);
  readonly loop = signal<Region | undefined>(undefined);
  readonly lanes = signal<readonly LaneSettings[]>([]);
  readonly playsOriginal = signal(false);
  readonly failure = signal<unknown>(undefined);
  readonly speedAndPitch: SpeedAndPitch;
  readonly metronome: Metronome;
  /** largest recent sample of each lane, the original last */
  peaks: readonly number[] = [];

  private readonly context = new AudioContext({ sampleRate: SAMPLE_RATE, latencyHint: 'balanced' });
  private readonly ending = new AbortController();
  /** never rejects: failures go to `failure` */
  private opened: Promise<void> | undefined;
  private prefetchers: readonly Prefetcher[] = [];
  private output: MixerOutput | undefined;
  /** counts each play, pause and seek: reports from before the last one are stale */
  private move = 0;
  private reportedAt = 0;
  private reported = 0;
  /** number of the last move that the mixer has followed */
  private followed = 0;

  constructor(private readonly options: PlayerOptions) {
    this.lanes.value = options.lanes;
    const send = (command: Command): void => {
      this.output?.send(command);
    };
    this.speedAndPitch = new SpeedAndPitch(options.loadStretchLibrary, send);
    this.metronome = new Metronome(send);
    void this.load();
  }

  get samples(): number {
    return this.options.samples;
  }

  get seconds(): number {
    return this.options.samples / SAMPLE_RATE;
  }

  async play(): Promise<void> {
    this.isPlaying.value = true;
    this.nextMove();
    const loaded = this.load();
    try {
      await this.context.resume();
    } catch (error) {
      this.fail(error);
    }
    await loaded;
    // a pause or a failure may have come first
    const countIn = this.metronome.countsIn.peek();
    if (this.isPlaying.peek()) this.output?.send({ type: 'play', move: this.move, countIn });
  }

  pause(): void {
    this.isPlaying.value = false;
    this.output?.send({ type: 'pause', move: this.nextMove() });
  }

  toggle(): void {
    if (this.isPlaying.value) this.pause();
    else void this.play();
  }

  seek(position: number): void {
    const target = Math.min(Math.max(0, Math.round(position)), this.samples);
    this.setPosition(target);
    this.seeks.value += 1;
    this.output?.send({ type: 'seek', move: this.nextMove(), position: target });
    this.prefetch();
  }

  setLoop(loop: Region | undefined): void {
    this.loop.value = loop;
    this.output?.send({ type: 'loop', loop });
    this.prefetch();
  }

  setLane(index: number, change: Partial<LaneSettings>): void {
    this.lanes.value = this.lanes.value.map((lane, at) => (at === index ? { ...lane, ...change } : lane));
    this.sendLevels();
  }

  /** Restores the initial settings of all lanes. */
  resetLanes(): void {
    this.lanes.value = this.options.lanes;
    this.sendLevels();
  }

  setPlaysOriginal(plays: boolean): void {
    this.playsOriginal.value = plays;
    this.sendLevels();
    void this.load();
  }

  /** Extrapolates the position between two reports; call it with each frame. */
  tick(): void {
    const isStill = !this.isPlaying.value || this.isWaiting.value || this.isCountingIn.value;
    if (isStill || this.followed !== this.move) return;
    const elapsed = Math.min(MAX_EXTRAPOLATION, (performance.now() - this.reportedAt) / 1000);
    this.position.value = Math.min(
      this.samples,
      this.reported + elapsed * SAMPLE_RATE * this.speedAndPitch.heard.speed,
    );
  }

  async close(): Promise<void> {
    this.ending.abort();
    this.closeOutput();
    await this.context.close();
  }

  private closeOutput(): void {
    for (const prefetcher of this.prefetchers) prefetcher.close();
    this.prefetchers = [];
    this.output?.close();
    this.output = undefined;
    this.opened = undefined;
    this.isWaiting.value = false;
    this.isJoining.value = false;
    this.isCountingIn.value = false;
  }

  /** Loads what is missing, and what has failed before: the server may only have been busy. */
  private load(): Promise<void> {
    this.failure.value = undefined;
    for (const prefetcher of this.prefetchers) prefetcher.retry();
    this.prefetch();
    this.opened ??= this.open().catch((error: unknown) => {
      this.opened = undefined;
      this.fail(error);
    });
    return this.opened;
  }

  private async open(): Promise<void> {
    const { context, options } = this;
    const stems = await options.openStems(context, this.ending.signal);
    const segmentLength = Math.max(...stems.map((stem) => stem.segmentSamples));
    const original = new OriginalSource(this.samples, segmentLength, (signal) => options.openOriginal(context, signal));
    const sources = [...stems, original];
    const lanes = sources.map(({ segmentSamples }, lane) => ({ segmentSamples, kind: options.kinds[lane] ?? 'tones' }));
    const output = await openMixerOutput(
      context,
      { lanes, samples: this.samples },
      {
        reported: (report) => {
          this.receive(report);
        },
        failed: (error) => {
          this.closeOutput();
          this.fail(error);
        },
      },
    );
    if (this.ending.signal.aborted) {
      output.close();
      return;
    }
    this.output = output;
    this.prefetchers = sources.map((source, lane) => this.createPrefetcher(source, lane, output));
    this.sendState(output);
  }

  private createPrefetcher(source: StemSource, lane: number, output: MixerOutput): Prefetcher {
    return new Prefetcher(source, {
      add: (index, segment) => {
        this.options.onSegment(lane, index, source.segmentSamples, segment);
        output.send({ type: 'segment', lane, index, segment });
      },
      keep: (indexes) => {
        output.send({ type: 'keep', lane, indexes });
      },
      failed: (error) => {
        // a lane may fail after the listener has turned it off, and the others go on
        if (this.heardLanes()[lane] === true) this.fail(error);
      },
    });
  }

  /** Sends everything that was set before the mixer was ready. */
  private sendState(output: MixerOutput): void {
    this.sendLevels();
    output.send({ type: 'seek', move: this.move, position: this.position.value });
    this.speedAndPitch.resend();
    this.metronome.resend();
    output.send({ type: 'loop', loop: this.loop.value });
    this.prefetch();
  }

  private sendLevels(): void {
    const stems = laneLevels(this.lanes.value);
    const original = this.playsOriginal.value;
    const originalLevel = this.options.originalLevel();
    [...stems, { left: originalLevel, right: originalLevel }].forEach((level, lane) => {
      const isOriginal = lane === stems.length;
      this.output?.send({ type: 'level', lane, level: isOriginal === original ? level : SILENT });
    });
    this.prefetch();
  }

  private prefetch(): void {
    const heard = this.heardLanes();
    this.prefetchers.forEach((prefetcher, lane) => {
      if (heard[lane] === true) prefetcher.follow(this.position.value, this.loop.value);
      else prefetcher.rest(this.position.value, this.loop.value);
    });
  }

  /** Only what is heard is loaded. The original is the last lane. */
  heardLanes(): boolean[] {
    const playsOriginal = this.playsOriginal.value;
    const stems = laneLevels(this.lanes.value).map(({ left, right }) => !playsOriginal && (left !== 0 || right !== 0));
    return [...stems, playsOriginal];
  }

  private receive({ move, position, playing, waiting, joining, countingIn, peaks }: Report): void {
    if (move !== this.move) return;
    this.followed = move;
    this.peaks = peaks;
    this.isWaiting.value = waiting;
    this.isJoining.value = joining;
    this.isCountingIn.value = countingIn;
    if (!playing && this.isPlaying.value && position >= this.samples) this.isPlaying.value = false;
    this.setPosition(position);
    this.prefetch();
  }

  private nextMove(): number {
    this.move += 1;
    return this.move;
  }

  private setPosition(position: number): void {
    this.position.value = position;
    this.reported = position;
    this.reportedAt = performance.now();
  }

  private fail(error: unknown): void {
    if (this.ending.signal.aborted) return;
    // otherwise the buffered audio would go on playing
    this.pause();
    this.failure.value = error;
  }
}
