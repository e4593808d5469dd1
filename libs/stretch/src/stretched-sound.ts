import { Resampler } from './resampler.js';
import { SampleQueue } from './sample-queue.js';
import type { StretchLibrary } from './library.js';
import { Stretcher, type Stereo } from './stretcher.js';

/** How a sound is to be changed. */
export interface Change {
  /** 0.25 to 4; 2 is twice as fast */
  readonly speed: number;
  /** upwards, -12 to 12, with fractions */
  readonly semitones: number;
}

/** What sounds are: their blocks are chosen for it, in seconds. */
export type SoundKind = 'hits' | 'tones';

const BLOCKS: Readonly<Record<SoundKind, { readonly block: number; readonly interval: number }>> = {
  // longer ones smear a hit over what comes before it
  hits: { block: 0.06, interval: 0.015 },
  // shorter ones make chords flutter
  tones: { block: 0.15, interval: 0.0375 },
};

/** samples of one step */
const STEP = 128;

/** the stretcher garbles a sound that it changes by less; 2.6 cents */
const LEAST_STRETCH = 0.0015;

/** samples of the stretched sound that a resampler looks back to: half of its kernel, at a ratio of 4 */
const LOOK_BACK = 128;

export interface StretchedSoundOptions {
  readonly change: Change;
  /** called if the sound has to be stretched */
  readonly openStretcher: () => Stretcher;
  /** Gives so many samples that come before the sound. Silence where this is left out. */
  readonly before?: (samples: number) => Stereo;
}

/**
 * A stereo sound that comes piece by piece, at another speed and pitch. Sample `n` of the result sounds like sample
 * `n × speed` of the sound, and the result has `round(samples / speed)` samples.
 *
 * The pitch is exact: the sound is made longer or shorter by as much as resampling will take back. Shifting the bins of
 * a spectrum puts low tones up to a tenth of a semitone beside their place.
 */
export class StretchedSound {
  private readonly change: Change;
  private readonly stretcher: Stretcher | undefined;
  private readonly resampler: Resampler | undefined;
  /** of the stretched sound, before it is resampled */
  private readonly speed: number;
  private readonly queues = [new SampleQueue(), new SampleQueue()] as const;
  /** samples that the stretcher must know before its first step */
  private readonly ahead: number;
  /** samples of the stretched sound before the first that counts: a stretcher starts with a fade */
  private readonly lead: number;
  /** samples before the sound that came first */
  private readonly earlier: number;
  private received = 0;
  private consumed = 0;
  /** samples of the stretched sound, and of the result */
  private stretched = 0;
  private given = 0;

  constructor({ change, openStretcher, before = silence }: StretchedSoundOptions) {
    this.change = change;
    const wanted = 2 ** (change.semitones / 12);
    const isStretched = Math.abs(change.speed / wanted - 1) >= LEAST_STRETCH;
    const ratio = isStretched ? wanted : change.speed;
    this.speed = change.speed / ratio;
    if (isStretched) this.stretcher = openStretcher();
    const { inputLatency = 0, outputLatency = 0 } = this.stretcher ?? {};
    const lead = outputLatency + (ratio === 1 ? 0 : LOOK_BACK);
    this.lead = STEP * Math.ceil(lead / STEP);
    if (ratio !== 1) this.resampler = new Resampler(ratio, this.lead);
    const leadIn = Math.round(this.lead * this.speed);
    // the first steps look back too
    const history = inputLatency;
    this.earlier = leadIn + history;
    this.ahead = history + inputLatency + Math.round(outputLatency * this.speed);
    this.push(before(this.earlier));
  }

  /** Samples that the next step still needs. The first steps give nothing. */
  get wanted(): number {
    return Math.max(0, this.neededFor(STEP) - this.received);
  }

  /** Takes the next samples, and gives those of the result that follow from them. */
  push([left, right]: Stereo): Stereo[] {
    this.queues[0].push(left);
    this.queues[1].push(right);
    this.received += left.length;
    const steps: Stereo[] = [];
    while (this.neededFor(STEP) <= this.received) steps.push(this.step());
    return steps;
  }

  /** Gives the rest of the result. */
  finish(): Stereo[] {
    const total = Math.round((this.received - this.earlier) / this.change.speed);
    const steps: Stereo[] = [];
    while (this.given < total) steps.push(this.step());
    const surplus = this.given - total;
    const last = steps.pop();
    if (last !== undefined) steps.push(cut(last, last[0].length - surplus));
    return steps;
  }

  private step(): Stereo {
    const stretched = this.stretch();
    this.stretched += STEP;
    const result = this.resampler?.push(stretched) ?? (this.stretched > this.lead ? stretched : NOTHING);
    this.given += result[0].length;
    return result;
  }

  private stretch(): Stereo {
    const { stretcher } = this;
    if (stretcher !== undefined && this.consumed === 0) {
      stretcher.seek(this.take(this.ahead), this.speed);
      this.consumed = this.ahead;
    }
    const input = this.take(this.neededFor(STEP) - this.consumed);
    this.consumed += input[0].length;
    if (stretcher === undefined) return input;
    const output: Stereo = [new Float32Array(STEP), new Float32Array(STEP)];
    stretcher.process(input, output);
    return output;
  }

  /** samples of the sound that so many more of the stretched one need */
  private neededFor(samples: number): number {
    return this.ahead + Math.round((this.stretched + samples) * this.speed);
  }

  private take(samples: number): Stereo {
    return [this.queues[0].take(samples), this.queues[1].take(samples)];
  }
}

/** For sounds of a kind. Opening one takes milliseconds, and it can be used again after its sound. */
export function openStretcher(library: StretchLibrary, kind: SoundKind, sampleRate: number): Stretcher {
  const { block, interval } = BLOCKS[kind];
  return new Stretcher(library, {
    blockSamples: Math.round(block * sampleRate),
    intervalSamples: Math.round(interval * sampleRate),
  });
}

const NOTHING: Stereo = [new Float32Array(0), new Float32Array(0)];

function silence(samples: number): Stereo {
  return [new Float32Array(samples), new Float32Array(samples)];
}

function cut([left, right]: Stereo, length: number): Stereo {
  return [left.subarray(0, length), right.subarray(0, length)];
}
