/**
 * `waveform.json`: what the page draws. Every stem has `ceil(samples / samplesPerPeak)` peaks, 0 to 127:
 * the largest absolute sample of its stretch, both channels, 127 is full scale.
 */
export interface Waveform {
  readonly version: 1;
  /** Hz */
  readonly sampleRate: number;
  readonly samplesPerPeak: number;
  /** of one channel */
  readonly samples: number;
  readonly stems: Readonly<Record<string, readonly number[]>>;
}

export interface WaveformOptions {
  /** linear; the peaks are those of the stem after it */
  readonly gain: number;
  readonly signal?: AbortSignal;
}

/** Reads each stem's WAV (float32, 44.1 kHz, stereo) once. @throws RangeError when the stems differ in length. */
export function computeWaveform(stems: Readonly<Record<string, string>>, options: WaveformOptions): Promise<Waveform> {
  return Promise.reject(new Error(`not built yet: ${Object.keys(stems).join()} ${options.gain}`));
}
