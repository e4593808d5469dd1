import { signal } from '@preact/signals';
import { Feeder } from './prefetcher.js';
import { laneLevels, type LaneSettings } from './levels.js';
import type { Report } from './worklet/protocol.js';
import { createMixerNode, type MixerNode } from './mixer-node.js';
import { OriginalSource } from './sources/original-source.js';
import { SAMPLE_RATE, type StemSource } from './sources/stem-source.js';
import type { Region } from './worklet/transport.js';

export interface PlayerOptions {
  /** opens the sound of each stem, in the order of the lanes */
  readonly openStems: (context: BaseAudioContext, signal: AbortSignal) => Promise<readonly StemSource[]>;
  readonly openOriginal: (context: BaseAudioContext, signal: AbortSignal) => Promise<StemSource>;
  /** of each stem, to begin with */
  readonly lanes: readonly LaneSettings[];
  /** length of the song, of one channel */
  readonly samples: number;
}

const SILENT = { left: 0, right: 0 };

/** A song that can be played: its lanes, and one transport for all of them. Positions are samples. */
export class Player {
  readonly position = signal(0);
  readonly isPlaying = signal(false);
  readonly isWaiting = signal(false);
  readonly speed = signal(1);
  readonly loop = signal<Region | undefined>(undefined);
  readonly lanes = signal<readonly LaneSettings[]>([]);
  readonly hearsOriginal = signal(false);
  readonly failure = signal<unknown>(undefined);
  /** largest sample of each lane lately, the original last */
  peaks: readonly number[] = [];

  private readonly context = new AudioContext({ sampleRate: SAMPLE_RATE, latencyHint: 'balanced' });
  private readonly ending = new AbortController();
  /** never rejects: what fails is told as `failure` */
  private opened: Promise<void> | undefined;
  private feeders: readonly Feeder[] = [];
  private node: MixerNode | undefined;
  private reportedAt = 0;
  private reported = 0;

  constructor(private readonly options: PlayerOptions) {
    this.lanes.value = options.lanes;
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
    const loaded = this.load();
    await this.context.resume();
    await loaded;
    // a pause or a failure may have come first
    if (this.isPlaying.peek()) this.node?.send({ type: 'play' });
  }

  pause(): void {
    this.isPlaying.value = false;
    this.node?.send({ type: 'pause' });
  }

  toggle(): void {
    if (this.isPlaying.value) this.pause();
    else
      this.play().catch((error: unknown) => {
        this.fail(error);
      });
  }

  seek(position: number): void {
    const place = Math.min(Math.max(0, Math.round(position)), this.samples);
    this.position.value = place;
    this.reported = place;
    this.reportedAt = performance.now();
    this.node?.send({ type: 'seek', position: place });
    this.feed();
  }

  setSpeed(speed: number): void {
    this.speed.value = speed;
    this.node?.send({ type: 'speed', speed });
  }

  setLoop(loop: Region | undefined): void {
    this.loop.value = loop;
    this.node?.send({ type: 'loop', loop });
    this.feed();
  }

  setLane(index: number, change: Partial<LaneSettings>): void {
    this.lanes.value = this.lanes.value.map((lane, at) => (at === index ? { ...lane, ...change } : lane));
    this.sendLevels();
  }

  /** All lanes as they were at first. */
  resetLanes(): void {
    this.lanes.value = this.options.lanes;
    this.sendLevels();
  }

  setHearsOriginal(hears: boolean): void {
    this.hearsOriginal.value = hears;
    this.sendLevels();
    void this.load();
  }

  /** Moves the position on between two reports; to be called for each picture. */
  tick(): void {
    if (!this.isPlaying.value || this.isWaiting.value) return;
    const elapsed = Math.min(0.2, (performance.now() - this.reportedAt) / 1000);
    this.position.value = Math.min(this.samples, this.reported + elapsed * SAMPLE_RATE * this.speed.value);
  }

  async close(): Promise<void> {
    this.ending.abort();
    for (const feeder of this.feeders) feeder.close();
    this.node?.close();
    await this.context.close();
  }

  /** Asks for what is not there yet, and once more for what failed: the server may only have been busy. */
  private load(): Promise<void> {
    this.failure.value = undefined;
    for (const feeder of this.feeders) feeder.retry();
    this.feed();
    this.opened ??= this.open().catch((error: unknown) => {
      this.opened = undefined;
      this.fail(error);
    });
    return this.opened;
  }

  private async open(): Promise<void> {
    const { context, options } = this;
    const stems = await options.openStems(context, this.ending.signal);
    const usual = Math.max(...stems.map((stem) => stem.segmentSamples));
    const original = new OriginalSource(this.samples, usual, (signal) => options.openOriginal(context, signal));
    const sources = [...stems, original];
    const segmentSamples = sources.map((source) => source.segmentSamples);
    const node = await createMixerNode(context, { segmentSamples, samples: this.samples }, (report) => {
      this.take(report);
    });
    if (this.ending.signal.aborted) {
      node.close();
      return;
    }
    this.node = node;
    this.feeders = sources.map(
      (source, lane) =>
        new Feeder(source, {
          add: (index, segment) => {
            node.send({ type: 'segment', lane, index, segment });
          },
          keep: (indexes) => {
            node.send({ type: 'keep', lane, indexes });
          },
          failed: (error) => {
            // the mix goes on where the original failed that nobody waits for any more
            if (this.isWanted(lane)) this.fail(error);
          },
        }),
    );
    this.sendAll(node);
  }

  /** what was set before the sound was there */
  private sendAll(node: MixerNode): void {
    this.sendLevels();
    node.send({ type: 'seek', position: this.position.value });
    node.send({ type: 'speed', speed: this.speed.value });
    node.send({ type: 'loop', loop: this.loop.value });
    this.feed();
  }

  private sendLevels(): void {
    const stems = laneLevels(this.lanes.value);
    const original = this.hearsOriginal.value;
    [...stems, { left: 1, right: 1 }].forEach((level, lane) => {
      const isOriginal = lane === stems.length;
      this.node?.send({ type: 'level', lane, level: isOriginal === original ? level : SILENT });
    });
  }

  private feed(): void {
    this.feeders.forEach((feeder, lane) => {
      if (this.isWanted(lane)) feeder.follow(this.position.value, this.loop.value);
    });
  }

  /** The original, which is the last lane, is not asked for until somebody wants to hear it. */
  private isWanted(lane: number): boolean {
    return lane < this.options.lanes.length || this.hearsOriginal.value;
  }

  private take({ position, playing, waiting, peaks }: Report): void {
    this.peaks = peaks;
    this.isWaiting.value = waiting;
    if (!playing && this.isPlaying.value && position >= this.samples) this.isPlaying.value = false;
    if (playing) {
      this.reported = position;
      this.reportedAt = performance.now();
      this.position.value = position;
    }
    this.feed();
  }

  private fail(error: unknown): void {
    if (this.ending.signal.aborted) return;
    // what is in memory would go on under a button that says play
    this.pause();
    this.failure.value = error;
  }
}
