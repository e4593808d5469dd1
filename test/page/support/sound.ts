const TEMPLATE = 4096;

/** Left channel of interleaved stereo. */
export function leftOf(stereo: Float32Array): Float32Array {
  return Float32Array.from({ length: stereo.length / 2 }, (_, index) => stereo[2 * index] ?? 0);
}

/** Offset of the part in the whole, in samples, by the correlation of its loudest stretch. */
export function findPart(part: Float32Array, whole: Float32Array): number {
  const from = loudest(part);
  const template = part.subarray(from, from + TEMPLATE);
  let best = { at: 0, score: -Infinity };
  for (let at = 0; at + TEMPLATE < whole.length; at += 1) {
    let [product, energy] = [0, 1e-9];
    for (let index = 0; index < TEMPLATE; index += 8) {
      const sample = whole[at + index] ?? 0;
      product += sample * (template[index] ?? 0);
      energy += sample * sample;
    }
    const score = product / Math.sqrt(energy);
    if (score > best.score) best = { at, score };
  }
  return best.at - from;
}

/** Largest difference between the part and the samples at `offset` in the whole. */
export function difference(part: Float32Array, whole: Float32Array, offset: number): number {
  let most = 0;
  for (let at = 0; at < part.length; at += 1) {
    most = Math.max(most, Math.abs((part[at] ?? 0) - (whole[at + offset] ?? 0)));
  }
  return most;
}

export function sum(...sounds: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(sounds[0]?.length ?? 0);
  for (const sound of sounds) for (let at = 0; at < all.length; at += 1) all[at] = (all[at] ?? 0) + (sound[at] ?? 0);
  return all;
}

export function energy(sound: Float32Array): number {
  return sound.reduce((all, sample) => all + sample * sample, 0);
}

function loudest(sound: Float32Array): number {
  let best = { at: 0, energy: -1 };
  for (let at = 0; at + TEMPLATE < sound.length; at += TEMPLATE / 4) {
    const here = energy(sound.subarray(at, at + TEMPLATE));
    if (here > best.energy) best = { at, energy: here };
  }
  return best.at;
}

/** semitones of one step of a spectrum */
const STEP = 0.5;
const LOWEST_HERTZ = 60;
/** five octaves */
const STEPS = 120;
/** of a tone in a window */
const PERIODS = 34;

/** By how many semitones a sound is higher than another with the same content. */
export function semitonesAbove(sound: Float32Array, other: Float32Array): number {
  const [one, two] = [spectrum(sound), spectrum(other)];
  let best = { shift: 0, score: -Infinity };
  for (let shift = -24; shift <= 24; shift += 1) {
    const score = two.reduce((sum, level, at) => sum + level * (one[at + shift] ?? 0), 0);
    if (score > best.score) best = { shift, score };
  }
  return best.shift * STEP;
}

/** Levels of bands that are half a semitone wide, without their mean. */
function spectrum(sound: Float32Array): number[] {
  const levels = Array.from({ length: STEPS }, (_, step) => levelAt(sound, LOWEST_HERTZ * 2 ** ((step * STEP) / 12)));
  const mean = levels.reduce((sum, level) => sum + level, 0) / STEPS;
  return levels.map((level) => level - mean);
}

/** Through windows so long that tones half a semitone away are left out, and tones in between are not. */
function levelAt(sound: Float32Array, hertz: number): number {
  if (sound.length === 0) throw new RangeError('there is no sound');
  const turn = (2 * Math.PI * hertz) / 44_100;
  const length = Math.min(sound.length, Math.round((PERIODS * 44_100) / hertz));
  let [power, windows] = [0, 0];
  for (let from = 0; from + length <= sound.length; from += Math.ceil(length / 2)) {
    let [cosine, sine] = [0, 0];
    for (let at = 0; at < length; at += 1) {
      const sample = (sound[from + at] ?? 0) * Math.sin((Math.PI * at) / length) ** 2;
      cosine += sample * Math.cos(turn * at);
      sine += sample * Math.sin(turn * at);
    }
    power += (cosine ** 2 + sine ** 2) / length ** 2;
    windows += 1;
  }
  return Math.sqrt(power / windows);
}
