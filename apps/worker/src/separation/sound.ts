/** Hz, of the mix and of every stem */
export const SAMPLE_RATE = 44_100;

/** dB of a linear amplitude; null for silence */
export function toDb(amplitude: number): number | null {
  return amplitude > 0 ? 20 * Math.log10(amplitude) : null;
}

/** linear amplitude of a level in dB */
export function toAmplitude(decibels: number): number {
  return 10 ** (decibels / 20);
}
