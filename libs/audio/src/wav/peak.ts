import { withFloatWav } from './float-wav.js';
import { readLevels } from './read-levels.js';
import { WORKING_RATE } from './working-format.js';

/**
 * The largest absolute sample of a complete file in the working format, linear. NaN or infinite if a sample is.
 * @throws the signal's reason
 */
export function measurePeak(path: string, signal: AbortSignal): Promise<number> {
  return withFloatWav(path, { signal }, async (wav) => {
    const { largest, power } = await readLevels(path, wav, WORKING_RATE, { signal });
    // the square of a float32 is finite as a float64
    return power.every(Number.isFinite) ? largest.reduce((peak, level) => Math.max(peak, level), 0) : Number.NaN;
  });
}
