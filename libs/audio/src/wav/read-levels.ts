import { runInThread } from '@app/processes';
import type { FloatWav, FollowOptions } from './float-wav.js';
import type levelsInThread from './levels-in-thread.js';
import type { Levels } from './levels-in-thread.js';
import { WORKING_FRAME_BYTES, WORKING_RATE } from './working-format.js';

const MODULE = new URL('levels-in-thread.js', import.meta.url);
/** samples at once: other files do not wait longer than about 20 ms for them */
const MAX_SAMPLES = 60 * WORKING_RATE;

/**
 * Measures the levels of each stretch in a thread, once it is final.
 * @param stretch samples per channel
 * @throws TypeError if the file ends before its last sample, or the signal's reason
 */
export async function readLevels(
  path: string,
  wav: FloatWav,
  stretch: number,
  { written, signal = NEVER }: FollowOptions,
): Promise<Omit<Levels, 'samples'>> {
  const stretches = Math.ceil(wav.samples / stretch);
  const largest = new Float32Array(stretches);
  const power = new Float64Array(stretches);
  const most = Math.max(1, Math.floor(MAX_SAMPLES / stretch)) * stretch;
  for (let done = 0, seen = 0; done < wav.samples;) {
    const final = written === undefined ? wav.samples : await written.waitBeyond(seen, signal);
    const whole = final === wav.samples ? final : final - (final % stretch);
    const samples = Math.min(most, whole - done);
    if (samples > 0) {
      const offset = wav.dataOffset + done * WORKING_FRAME_BYTES;
      const levels = await runInThread<typeof levelsInThread>(MODULE, { path, offset, samples, stretch }, signal);
      if (levels.samples < samples) {
        throw new TypeError(`the WAV file ends after ${done + levels.samples} of ${wav.samples} samples`);
      }
      largest.set(levels.largest, done / stretch);
      power.set(levels.power, done / stretch);
      done += samples;
    }
    // waits for more only once all that is final has been read
    seen = done < whole ? done : final;
  }
  return { largest, power };
}

const NEVER = new AbortController().signal;
