import { readSamples, withFloatWav } from './float-wav.js';

/**
 * The largest absolute sample of a complete file in the working format, linear. NaN or infinite if a sample is.
 * @throws the signal's reason
 */
export function measurePeak(path: string, signal: AbortSignal): Promise<number> {
  return withFloatWav(path, { signal }, async (wav) => {
    let peak = 0;
    for await (const block of readSamples(wav, { signal })) {
      const bytes = block.length - (block.length % Float32Array.BYTES_PER_ELEMENT);
      // the block may start anywhere in its buffer
      const samples = new Float32Array(block.buffer.slice(block.byteOffset, block.byteOffset + bytes));
      for (const sample of samples) {
        const level = Math.abs(sample);
        // also true for NaN
        if (!(level <= peak)) peak = level;
      }
      if (!Number.isFinite(peak)) break;
    }
    return peak;
  });
}
