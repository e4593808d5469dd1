import { SampleQueue, StretchedSound, type Change, type SoundKind, type Stereo, type Stretcher } from '@app/stretch';
import { spansOf, follow, type Region } from './loop-path.js';
import type { LaneLevel, MixBus } from './mix-bus.js';
import type { StretcherPool } from './stretcher-pool.js';

interface GroupOptions {
  /** sample of the song, maybe between two of them */
  readonly start: number;
  readonly change: Change;
}

/** The sum of the lanes of one kind, at another speed and pitch. Hits keep their pitch. */
export class LaneGroup {
  private readonly sound: StretchedSound;
  private readonly queue = [new SampleQueue(), new SampleQueue()] as const;
  private readonly levels: LaneLevel[];
  private stretcher: Stretcher | undefined;
  /** next sample of the song to read */
  private next: number;

  constructor(
    private readonly bus: MixBus,
    private readonly kind: SoundKind,
    private readonly stretchers: StretcherPool,
    { start, change }: GroupOptions,
  ) {
    const first = Math.floor(start);
    this.next = first;
    this.levels = bus.levels();
    this.sound = new StretchedSound({
      change: { speed: change.speed, semitones: kind === 'hits' ? 0 : change.semitones },
      openStretcher: () => (this.stretcher = stretchers.take(kind)),
      before: (samples) => this.read(samples, first - samples, undefined),
    });
  }

  get isReady(): boolean {
    return this.queue[0].length > 0;
  }

  /** Reads as much of the song as the next step needs. */
  step(loop: Region | undefined): void {
    const { wanted } = this.sound;
    const input = this.read(wanted, this.next, loop);
    this.next = follow(loop, this.next, wanted);
    for (const [left, right] of this.sound.push(input)) {
      this.queue[0].push(left);
      this.queue[1].push(right);
    }
  }

  /** Adds the next samples. */
  add(left: Float32Array, right: Float32Array, loop: Region | undefined): void {
    while (this.queue[0].length < left.length) this.step(loop);
    addTo(left, this.queue[0].take(left.length));
    addTo(right, this.queue[1].take(right.length));
  }

  close(): void {
    if (this.stretcher !== undefined) this.stretchers.give(this.kind, this.stretcher);
    this.stretcher = undefined;
  }

  private read(samples: number, from: number, loop: Region | undefined): Stereo {
    const sum: Stereo = [new Float32Array(samples), new Float32Array(samples)];
    let at = 0;
    for (const span of spansOf(loop, from, samples)) {
      const [left, right] = sum.map((channel) => channel.subarray(at, at + span.count));
      if (left !== undefined && right !== undefined) this.bus.addKind(this.kind, this.levels, span.from, left, right);
      at += span.count;
    }
    return sum;
  }
}

function addTo(sum: Float32Array, part: Float32Array): void {
  for (let at = 0; at < sum.length; at += 1) sum[at] = (sum[at] ?? 0) + (part[at] ?? 0);
}
