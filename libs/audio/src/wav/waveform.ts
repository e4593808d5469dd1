import type { Waveform } from '@app/separations';
import { withFloatWav, type FollowOptions } from './float-wav.js';
import type { Levels } from './levels-in-thread.js';
import { readLevels } from './read-levels.js';
import { WORKING_CHANNELS, WORKING_RATE } from './working-format.js';

export interface WaveformOptions extends FollowOptions {
  /** linear gain of the drawn stems; called once all samples are read */
  readonly gain: () => number;
}

interface StemPeaks {
  readonly name: string;
  readonly samples: number;
  readonly levels: Omit<Levels, 'samples'>;
}

/** samples of the shortest stretch: 50 ms. Longer songs have longer stretches: no screen shows more peaks */
const FINEST = WORKING_RATE / 20;
const MAX_PEAKS = 4000;
const FULL_SCALE = 127;

/**
 * Measures the peaks and the RMS levels of each stem. Reads the WAVs (float32, 44.1 kHz, stereo) once, in blocks, all at the same time.
 * @throws TypeError for another kind of file or a truncated one, RangeError when the stems differ in length
 */
export async function computeWaveform(
  stems: Readonly<Record<string, string>>,
  options: WaveformOptions,
): Promise<Waveform> {
  const read = Object.entries(stems).map(([name, path]) =>
    withFloatWav(path, options, async (wav) => ({
      name,
      samples: wav.samples,
      levels: await readLevels(path, wav, samplesPerPeak(wav.samples), options),
    })),
  );
  const peaks = await Promise.all(read);
  const samples = sameLength(peaks);
  const gain = options.gain();
  const stretch = samplesPerPeak(samples);
  const drawn = (levelsOf: (levels: StemPeaks['levels']) => ArrayLike<number>): Record<string, number[]> =>
    Object.fromEntries(peaks.map(({ name, levels }) => [name, afterGain(levelsOf(levels), gain)]));
  return {
    version: 1,
    sampleRate: WORKING_RATE,
    samplesPerPeak: stretch,
    samples,
    stems: drawn(({ largest }) => largest),
    rms: drawn(({ power }) => power.map((sum, at) => rootMean(sum, Math.min(stretch, samples - at * stretch)))),
  };
}

function sameLength([first, ...others]: readonly StemPeaks[]): number {
  if (first === undefined) throw new RangeError('a waveform needs at least one stem');
  for (const { name, samples } of others) {
    if (samples !== first.samples)
      throw new RangeError(`${name} has ${samples} samples, but ${first.name} has ${first.samples}`);
  }
  return first.samples;
}

function afterGain(largest: ArrayLike<number>, gain: number): number[] {
  return Array.from(largest, (peak) => Math.min(FULL_SCALE, Math.round(peak * gain * FULL_SCALE)));
}

function rootMean(power: number, samples: number): number {
  return Math.sqrt(power / (WORKING_CHANNELS * samples));
}

function samplesPerPeak(samples: number): number {
  return Math.max(FINEST, Math.ceil(samples / MAX_PEAKS));
}
