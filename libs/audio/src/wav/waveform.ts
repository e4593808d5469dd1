import type { Waveform } from '@app/separations';
import { readSamples, withFloatWav, type FloatWav, type FollowOptions } from './float-wav.js';
import { floatsOf } from './wav-scanner.js';
import { WORKING_CHANNELS, WORKING_FRAME_BYTES, WORKING_RATE } from './working-format.js';

export interface WaveformOptions extends FollowOptions {
  /** linear gain of the drawn stems; called once all samples are read */
  readonly gain: () => number;
}

interface StemPeaks {
  readonly name: string;
  readonly samples: number;
  readonly levels: Levels;
}

/** The levels of each stretch, before the gain. */
interface Levels {
  readonly largest: Float32Array;
  /** sum of the squares of both channels */
  readonly power: Float32Array;
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
      levels: await readLevels(wav, options),
    })),
  );
  const peaks = await Promise.all(read);
  const samples = sameLength(peaks);
  const gain = options.gain();
  const stretch = samplesPerPeak(samples);
  const drawn = (levelsOf: (levels: Levels) => Float32Array): Record<string, number[]> =>
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

function afterGain(largest: Float32Array, gain: number): number[] {
  return Array.from(largest, (peak) => Math.min(FULL_SCALE, Math.round(peak * gain * FULL_SCALE)));
}

function rootMean(power: number, samples: number): number {
  return Math.sqrt(power / (WORKING_CHANNELS * samples));
}

function samplesPerPeak(samples: number): number {
  return Math.max(FINEST, Math.ceil(samples / MAX_PEAKS));
}

async function readLevels(wav: FloatWav, options: FollowOptions): Promise<Levels> {
  const stretch = samplesPerPeak(wav.samples);
  const stretches = Math.ceil(wav.samples / stretch);
  const levels: Levels = { largest: new Float32Array(stretches), power: new Float32Array(stretches) };
  let first = 0;
  for await (const block of readSamples(wav, options)) {
    const frames = block.length / WORKING_FRAME_BYTES;
    addLevels(levels, floatsOf(block, frames * WORKING_CHANNELS), first, stretch);
    first += frames;
  }
  return levels;
}

/** @param first position of the block in the song, in samples per channel */
function addLevels({ largest, power }: Levels, block: Float32Array, first: number, stretch: number): void {
  const frames = block.length / WORKING_CHANNELS;
  for (let from = 0; from < frames;) {
    const peak = Math.floor((first + from) / stretch);
    const to = Math.min(frames, (peak + 1) * stretch - first);
    let top = largest[peak] ?? 0;
    let sum = power[peak] ?? 0;
    // by index: five times faster than an iterator
    for (let at = from * WORKING_CHANNELS; at < to * WORKING_CHANNELS; at += 1) {
      const size = Math.abs(block[at] ?? 0);
      if (size > top) top = size;
      sum += size * size;
    }
    largest[peak] = top;
    power[peak] = sum;
    from = to;
  }
}
