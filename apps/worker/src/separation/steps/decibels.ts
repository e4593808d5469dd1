/** dB of a linear amplitude; null for silence */
export function amplitudeToDb(amplitude: number): number | null {
  return amplitude > 0 ? 20 * Math.log10(amplitude) : null;
}

export function dbToAmplitude(decibels: number): number {
  return 10 ** (decibels / 20);
}
