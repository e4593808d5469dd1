import type { Change, SoundKind } from '@app/stretch';
import { SAMPLE_RATE } from '../sources/stem-source.js';
import { follow, isSameWay } from './loop-path.js';
import { LaneGroup } from './lane-group.js';
import type { MixBus } from './mix-bus.js';
import type { StretcherPool } from './stretcher-pool.js';
import { isChanged, type Settings, type Voice } from './voice.js';

const KINDS: readonly SoundKind[] = ['hits', 'tones'];

/** steps of `prepare`, for each kind of sound: a few times the work of a quantum that is played */
const STEPS_AT_ONCE = 4;

/**
 * Plays the lanes at another speed or pitch. Lanes of one kind are summed up first, so there are two stretchers however
 * many stems there are. A lane that is turned on or off needs another voice: this one would play it for another 0.2 s.
 */
export class StretchedVoice implements Voice {
  readonly reach: number;
  private at: number;
  private readonly groups: readonly LaneGroup[];
  private readonly audible: readonly boolean[];
  private readonly version: number;

  constructor(
    private readonly bus: MixBus,
    stretchers: StretcherPool,
    start: number,
    public settings: Settings,
  ) {
    this.at = start;
    this.reach = reachOf(settings.change);
    this.audible = bus.audible();
    this.version = bus.version;
    const kinds = KINDS.filter((kind) => bus.lanesOf(kind).some((lane) => this.audible[lane]));
    this.groups = kinds.map((kind) => new LaneGroup(bus, kind, stretchers, { start, change: settings.change }));
  }

  get position(): number {
    return this.at;
  }

  positionAfter(samples: number): number {
    return follow(this.settings.loop, this.at, samples * this.settings.change.speed);
  }

  adapt(settings: Settings): boolean {
    const { change, loop } = this.settings;
    const isSame =
      settings.change.speed === change.speed &&
      settings.change.semitones === change.semitones &&
      this.bus.audible().every((isAudible, lane) => isAudible === this.audible[lane]) &&
      isSameWay(loop, settings.loop, this.at, this.reach);
    if (isSame) this.settings = settings;
    return isSame;
  }

  isFresh(settings: Settings): boolean {
    return this.bus.version === this.version && this.adapt(settings);
  }

  prepare(): boolean {
    const { loop } = this.settings;
    for (let step = 0; step < STEPS_AT_ONCE; step += 1) {
      for (const group of this.groups) if (!group.isReady) group.step(loop);
    }
    return this.groups.every(({ isReady }) => isReady);
  }

  fill(left: Float32Array, right: Float32Array): void {
    const { change, loop } = this.settings;
    left.fill(0);
    right.fill(0);
    for (const group of this.groups) group.add(left, right, loop);
    this.bus.measure(Math.round(this.at), Math.ceil(left.length * change.speed));
    this.at = this.positionAfter(left.length);
  }

  close(): void {
    for (const group of this.groups) group.close();
  }
}

/** samples of the song: half a block of tones, and what a stretcher is late by, with room */
export function reachOf(change: Change): number {
  if (!isChanged(change)) return 0;
  const speed = change.speed / 2 ** (change.semitones / 12);
  return Math.ceil(SAMPLE_RATE * (0.1 + 0.15 * Math.max(speed, change.speed)));
}
