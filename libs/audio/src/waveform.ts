import { floatsOf } from './sample-meter.js';
import { WORKING_RATE } from './decoding.js';
import { withFloatWav, type FloatWav } from './float-wav.js';

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

/** a twentieth of a second, as long as that does not give more peaks than any screen can show */
const FINEST = WORKING_RATE / 20;
const MAX_PEAKS = 4000;
const FULL_SCALE = 127;
const CHANNELS = 2;
const FRAME_BYTES = CHANNELS * Float32Array.BYTES_PER_ELEMENT;
const BLOCK_BYTES = 32 * 1024 * FRAME_BYTES;

/**
 * Reads each stem's WAV (float32, 44.1 kHz, stereo) once, in blocks.
 * @throws TypeError when a file is no such WAV or is cut off, RangeError when the stems differ in length.
 */
export async function computeWaveform(
  stems: Readonly<Record<string, string>>,
  options: WaveformOptions,
): Promise<Waveform> {
  const peaks: Record<string, readonly number[]> = {};
  let samples: number | undefined;
  for (const [name, path] of Object.entries(stems)) {
    await withFloatWav(path, async (wav) => {
      samples ??= wav.samples;
      if (wav.samples !== samples) throw new RangeError(`${name} has ${wav.samples} samples, another stem ${samples}`);
      peaks[name] = await readPeaks(wav, samplesPerPeak(samples), options);
    });
  }
  if (samples === undefined) throw new RangeError('a waveform of no stems');
  return { version: 1, sampleRate: WORKING_RATE, samplesPerPeak: samplesPerPeak(samples), samples, stems: peaks };
}

function samplesPerPeak(samples: number): number {
  return Math.max(FINEST, Math.ceil(samples / MAX_PEAKS));
}

async function readPeaks(wav: FloatWav, stretch: number, options: WaveformOptions): Promise<number[]> {
  const largest = new Float32Array(Math.ceil(wav.samples / stretch));
  const block = Buffer.alloc(BLOCK_BYTES);
  const bytes = wav.samples * FRAME_BYTES;
  for (let at = 0; at < bytes;) {
    options.signal?.throwIfAborted();
    const length = Math.min(block.length, bytes - at);
    const { bytesRead } = await wav.file.read(block, 0, length, wav.dataOffset + at);
    const frames = Math.floor(bytesRead / FRAME_BYTES);
    if (frames === 0) throw new TypeError('a WAV file that ends before its samples do');
    takeLargest(largest, floatsOf(block, frames * CHANNELS), at / FRAME_BYTES, stretch);
    at += frames * FRAME_BYTES;
  }
  return Array.from(largest, (peak) => Math.min(FULL_SCALE, Math.round(peak * options.gain * FULL_SCALE)));
}

/** @param first index of the block's first sample in the song */
function takeLargest(largest: Float32Array, block: Float32Array, first: number, stretch: number): void {
  const frames = block.length / CHANNELS;
  for (let from = 0; from < frames;) {
    const peak = Math.floor((first + from) / stretch);
    const to = Math.min(frames, (peak + 1) * stretch - first);
    let top = largest[peak] ?? 0;
    // by index: five times faster than an iterator
    for (let at = from * CHANNELS; at < to * CHANNELS; at += 1) {
      const size = Math.abs(block[at] ?? 0);
      if (size > top) top = size;
    }
    largest[peak] = top;
    from = to;
  }
}
