/** dB of a linear amplitude; null for silence */
export function amplitudeToDb(amplitude: number): number | null {
  return amplitude > 0 ? 20 * Math.log10(amplitude) : null;
}

export function dbToAmplitude(decibels: number): number {
  return 10 ** (decibels / 20);
}

/** The largest gain that keeps the peak within full scale: a whole number of dB, 0 or below, as for the stems. */
export function gainDbForPeak(peak: number): number {
  return peak <= 1 ? 0 : -Math.ceil(amplitudeToDb(peak) ?? 0);
}
