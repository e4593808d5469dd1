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
const STEP = 512;

/** the stretcher garbles a sound that it changes by less; 2.6 cents */
const LEAST_STRETCH = 0.0015;

/**
 * A stereo sound that comes piece by piece, at another speed and pitch. Sample `n` of the result sounds like sample
 * `n × speed` of the sound, and the result has `round(samples / speed)` samples.
 *
 * The pitch is exact: the sound is made longer or shorter by as much as resampling will take back. Shifting the bins of
 * a spectrum puts low tones up to a tenth of a semitone beside their place.
 */
export class StretchedSound {
  private readonly stretcher: Stretcher | undefined;
  private readonly resampler: Resampler | undefined;
  /** of the stretched sound, before it is resampled */
  private readonly speed: number;
  private readonly queues = [new SampleQueue(), new SampleQueue()] as const;
  private readonly before: number;
  private received = 0;
  private consumed = 0;
  /** samples of the stretched sound, and of the result */
  private stretched = 0;
  private given = 0;

  constructor(
    library: StretchLibrary,
    kind: SoundKind,
    sampleRate: number,
    private readonly change: Change,
  ) {
    const wanted = 2 ** (change.semitones / 12);
    const isStretched = Math.abs(change.speed / wanted - 1) >= LEAST_STRETCH;
    const ratio = isStretched ? wanted : change.speed;
    this.speed = change.speed / ratio;
    if (ratio !== 1) this.resampler = new Resampler(ratio);
    if (isStretched) this.stretcher = openStretcher(library, kind, sampleRate);
    const { inputLatency = 0, outputLatency = 0 } = this.stretcher ?? {};
    this.before = inputLatency + Math.round(outputLatency * this.speed);
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
    const total = Math.round(this.received / this.change.speed);
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
    const result = this.resampler?.push(stretched) ?? stretched;
    this.given += result[0].length;
    return result;
  }

  private stretch(): Stereo {
    const { stretcher } = this;
    if (stretcher !== undefined && this.consumed === 0) {
      stretcher.seek(this.take(this.before), this.speed);
      this.consumed = this.before;
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
    return this.before + Math.round((this.stretched + samples) * this.speed);
  }

  private take(samples: number): Stereo {
    return [this.queues[0].take(samples), this.queues[1].take(samples)];
  }
}

function openStretcher(library: StretchLibrary, kind: SoundKind, sampleRate: number): Stretcher {
  const { block, interval } = BLOCKS[kind];
  return new Stretcher(library, {
    blockSamples: Math.round(block * sampleRate),
    intervalSamples: Math.round(interval * sampleRate),
  });
}

function cut([left, right]: Stereo, length: number): Stereo {
  return [left.subarray(0, length), right.subarray(0, length)];
}
