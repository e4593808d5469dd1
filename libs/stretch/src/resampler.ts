import type { Stereo } from './stretcher.js';

/** zero crossings of the kernel on each side */
const CROSSINGS = 24;
/** entries of the table between two zero crossings; values in between are interpolated */
const PHASES = 512;
/** of the Kaiser window: side lobes 90 dB down */
const BETA = 9;
/** keeps the transition band below the Nyquist frequency */
const PASSED = 0.95;

/** One side of the kernel, from its middle to its end. */
const KERNEL = makeKernel();

/** Plays a sound faster or slower, so that its pitch changes with it: windowed sinc interpolation. */
export class Resampler {
  private readonly half: number;
  private readonly cutoff: number;
  private readonly kept: [Float32Array, Float32Array];
  /** position in the sound of the first kept sample */
  private start: number;
  private produced = 0;

  /**
   * @param ratio samples of the sound for one of the result, 0.25 to 4; 2 is an octave up
   * @param from position in the sound of the first sample of the result
   */
  constructor(
    private readonly ratio: number,
    private readonly from = 0,
  ) {
    this.cutoff = PASSED * Math.min(1, 1 / ratio);
    this.half = Math.ceil(CROSSINGS / this.cutoff);
    // silence before the sound
    this.start = -this.half;
    this.kept = [new Float32Array(this.half), new Float32Array(this.half)];
  }

  /** Takes the next samples, and gives those of the result that need no later ones. */
  push(sound: Stereo): Stereo {
    this.keep(sound);
    const end = this.start + this.kept[0].length - this.half;
    const count = Math.max(0, Math.ceil((end - this.from) / this.ratio) - this.produced);
    const result: Stereo = [new Float32Array(count), new Float32Array(count)];
    for (let at = 0; at < count; at++) this.interpolate(this.position(at), result, at);
    this.produced += count;
    return result;
  }

  /** Where in the sound the next samples of the result are. */
  private position(ahead: number): number {
    return this.from + (this.produced + ahead) * this.ratio;
  }

  /** Drops what no later sample of the result needs, and adds what has come. */
  private keep(sound: Stereo): void {
    const unused = Math.floor(this.position(0)) - this.half - this.start;
    const dropped = Math.min(this.kept[0].length, Math.max(0, unused));
    this.kept.forEach((channel, index) => {
      const added = sound[index === 0 ? 0 : 1];
      const joined = new Float32Array(channel.length - dropped + added.length);
      joined.set(channel.subarray(dropped));
      joined.set(added, channel.length - dropped);
      this.kept[index === 0 ? 0 : 1] = joined;
    });
    this.start += dropped;
  }

  private interpolate(position: number, [left, right]: Stereo, at: number): void {
    const [keptLeft, keptRight] = this.kept;
    const first = Math.ceil(position - this.half);
    const last = Math.floor(position + this.half);
    let [l, r] = [0, 0];
    for (let index = first; index <= last; index++) {
      const phase = Math.abs(position - index) * this.cutoff * PHASES;
      const below = Math.floor(phase);
      const low = KERNEL[below] ?? 0;
      const weight = low + (phase - below) * ((KERNEL[below + 1] ?? 0) - low);
      l += weight * (keptLeft[index - this.start] ?? 0);
      r += weight * (keptRight[index - this.start] ?? 0);
    }
    left[at] = l * this.cutoff;
    right[at] = r * this.cutoff;
  }
}

function makeKernel(): Float64Array {
  return Float64Array.from({ length: CROSSINGS * PHASES + 1 }, (_, at) => {
    const crossings = at / PHASES;
    const window = bessel(BETA * Math.sqrt(1 - (crossings / CROSSINGS) ** 2)) / bessel(BETA);
    const turn = Math.PI * crossings;
    return window * (turn === 0 ? 1 : Math.sin(turn) / turn);
  });
}

/** The modified Bessel function of the first kind and order 0. */
function bessel(x: number): number {
  let [sum, term] = [1, 1];
  for (let k = 1; term > 1e-12 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
