import { writeFile } from 'node:fs/promises';
import { WORKING_CHANNELS, WORKING_RATE } from '@app/audio';
import { floatWav } from '../../../test/support/songs/wav.js';

/**
 * Writes a soft chord as a WAV in the working format, and returns its samples per channel.
 * @param level linear, for a position in the song from 0 to 1; at level 1 the chord peaks at 0.3
 */
export async function writeWav(
  path: string,
  seconds: number,
  level: (position: number) => number = () => 1,
): Promise<number> {
  const samples = Math.round(seconds * WORKING_RATE);
  const floats = new Float32Array(samples * WORKING_CHANNELS);
  for (let index = 0; index < samples; index++) {
    const time = index / WORKING_RATE;
    const chord = 0.2 * Math.sin(2 * Math.PI * 220 * time) + 0.1 * Math.sin(2 * Math.PI * 3300 * time);
    const value = level(index / samples) * chord;
    floats[index * WORKING_CHANNELS] = value;
    floats[index * WORKING_CHANNELS + 1] = value * 0.8;
  }
  await writeFile(path, floatWav(floats));
  return samples;
}
