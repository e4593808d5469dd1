/** Reads stereo sound from any place of the song into two arrays of one length. */
export type ReadSound = (from: number, left: Float32Array, right: Float32Array) => void;

/** samples that one step gives out: 12 ms */
export const HOP = 512;

/** how far from its place a piece may be taken, samples: more than a period of the lowest bass */
const REACH = 640;

/** every how many samples the likeness is looked at */
const COARSE = 4;

const FADE_IN = Float32Array.from({ length: HOP }, (_, index) => Math.sin(((index + 0.5) / HOP) * (Math.PI / 2)) ** 2);

/**
 * Plays slower or faster with the pitch kept: pieces of the song are laid over each other, each taken where it goes on
 * best from the one before (waveform similarity overlap-add, Verhelst and Roelands 1993). It works on the sum of the
 * lanes, so the lanes stay together.
 */
export class Stretch {
  private readonly area = stereo(HOP + 2 * REACH);
  private readonly goingOn = stereo(HOP);
  private readonly piece = stereo(HOP);
  /** where the last piece ends in the song, which is where plain playing would go on */
  private end: number | undefined;

  constructor(private readonly read: ReadSound) {}

  /** Where plain playing goes on without a break, after stretched playing. */
  get next(): number | undefined {
    return this.end;
  }

  reset(): void {
    this.end = undefined;
  }

  /** Writes HOP samples of the song around `position`. */
  step(position: number, left: Float32Array, right: Float32Array): void {
    const place = Math.round(position);
    if (this.end === undefined) {
      this.read(place, left, right);
      this.end = place + HOP;
      return;
    }
    this.read(this.end, ...this.goingOn);
    this.read(place - REACH, ...this.area);
    const best = place - REACH + bestOffset(this.goingOn, this.area);
    this.read(best, ...this.piece);
    fade(this.goingOn[0], this.piece[0], left);
    fade(this.goingOn[1], this.piece[1], right);
    this.end = best + HOP;
  }
}

function stereo(length: number): [Float32Array, Float32Array] {
  return [new Float32Array(length), new Float32Array(length)];
}

function fade(from: Float32Array, to: Float32Array, out: Float32Array): void {
  for (let index = 0; index < HOP; index += 1) {
    const share = FADE_IN[index] ?? 1;
    out[index] = (from[index] ?? 0) * (1 - share) + (to[index] ?? 0) * share;
  }
}

type Stereo = readonly [Float32Array, Float32Array];

/** Where in the area the sound is most like the wanted one: looked for in coarse steps, then around the best. */
function bestOffset(wanted: Stereo, area: Stereo): number {
  const coarse = best(wanted, area, { from: 0, to: 2 * REACH, step: COARSE });
  return best(wanted, area, { from: Math.max(0, coarse - COARSE), to: Math.min(2 * REACH, coarse + COARSE), step: 1 });
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
    const score = likeness(wanted, area, at);
    if (score > highest) {
      highest = score;
      offset = at;
    }
  }
  return offset;
}

/** correlation over the loudness of the candidate; on both sides, as what is opposite on them has no sum */
function likeness(wanted: Stereo, area: Stereo, at: number): number {
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
