/** Reads stereo audio from any position into two arrays of the same length. */
type ReadAudio = (from: number, left: Float32Array, right: Float32Array) => void;

/** samples that one step writes: 12 ms */
export const HOP = 512;

/** samples a grain may be off its position: more than a period of the lowest bass */
const MAX_SHIFT = 640;

/** compare every so many samples only */
const COARSE = 4;

const FADE_IN = Float32Array.from({ length: HOP }, (_, index) => Math.sin(((index + 0.5) / HOP) * (Math.PI / 2)) ** 2);

/**
 * Changes the speed and keeps the pitch: waveform similarity overlap-add (WSOLA, Verhelst and Roelands 1993). It
 * crossfades short grains of the song, each taken where it best continues the one before. It works on the sum of
 * the lanes, so they stay in step.
 */
export class TimeStretch {
  private readonly area = stereo(HOP + 2 * MAX_SHIFT);
  private readonly continuation = stereo(HOP);
  private readonly grain = stereo(HOP);
  /** where the last grain ends in the song */
  private end: number | undefined;

  constructor(private readonly read: ReadAudio) {}

  /** Where playback at normal speed continues seamlessly; undefined after a reset. */
  get next(): number | undefined {
    return this.end;
  }

  reset(): void {
    this.end = undefined;
  }

  /** @returns a function that restores what a step changes */
  mark(): () => void {
    const { end } = this;
    return () => {
      this.end = end;
    };
  }

  /** Writes the next HOP samples, taken from around `position`. */
  step(position: number, left: Float32Array, right: Float32Array): void {
    const start = Math.round(position);
    if (this.end === undefined) {
      this.read(start, left, right);
      this.end = start + HOP;
      return;
    }
    this.read(this.end, ...this.continuation);
    this.read(start - MAX_SHIFT, ...this.area);
    const best = start - MAX_SHIFT + bestOffset(this.continuation, this.area);
    this.read(best, ...this.grain);
    crossfade(this.continuation[0], this.grain[0], left);
    crossfade(this.continuation[1], this.grain[1], right);
    this.end = best + HOP;
  }
}

function stereo(length: number): [Float32Array, Float32Array] {
  return [new Float32Array(length), new Float32Array(length)];
}

function crossfade(from: Float32Array, to: Float32Array, out: Float32Array): void {
  for (let index = 0; index < HOP; index += 1) {
    const share = FADE_IN[index] ?? 1;
    out[index] = (from[index] ?? 0) * (1 - share) + (to[index] ?? 0) * share;
  }
}

type Stereo = readonly [Float32Array, Float32Array];

/** Offset in the area that sounds most like `wanted`: a coarse search, then a fine one around its result. */
function bestOffset(wanted: Stereo, area: Stereo): number {
  const coarse = best(wanted, area, { from: 0, to: 2 * MAX_SHIFT, step: COARSE });
  return best(wanted, area, {
    from: Math.max(0, coarse - COARSE),
    to: Math.min(2 * MAX_SHIFT, coarse + COARSE),
    step: 1,
  });
}

interface Search {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

function best(wanted: Stereo, area: Stereo, { from, to, step }: Search): number {
  let offset = Math.round((from + to) / 2);
  let highest = -Infinity;
  for (let at = from; at <= to; at += step) {
    const score = similarity(wanted, area, at);
    if (score > highest) {
      highest = score;
      offset = at;
    }
  }
  return offset;
}

/** Normalized correlation. Uses both channels, because opposite phases would cancel out in their sum. */
function similarity(wanted: Stereo, area: Stereo, at: number): number {
  let product = 0;
  let energy = 1e-9;
  for (let index = 0; index < HOP; index += COARSE) {
    const left = area[0][at + index] ?? 0;
    const right = area[1][at + index] ?? 0;
    product += left * (wanted[0][index] ?? 0) + right * (wanted[1][index] ?? 0);
    energy += left * left + right * right;
  }
  return product / Math.sqrt(energy);
}
