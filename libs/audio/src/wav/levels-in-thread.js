// @ts-check
import { closeSync, openSync, readSync } from 'node:fs';

/**
 * Samples of a file in the working format.
 * @typedef {object} SampleRange
 * @property {string} path
 * @property {number} offset of the first sample, in bytes
 * @property {number} samples per channel, 1 or more
 * @property {number} stretch samples per channel for which levels are measured together
 */

/**
 * The levels of each stretch, linear. NaN or infinite samples make the power so.
 * @typedef {object} Levels
 * @property {Float32Array<ArrayBuffer>} largest
 * @property {Float64Array<ArrayBuffer>} power sum of the squares of both channels
 * @property {number} samples that were there: fewer than asked for if the file ends
 */

/**
 * Does not give way: call it for short ranges.
 * @param {SampleRange} range
 * @returns {Levels}
 */
export default function levelsInThread({ path, offset, samples, stretch }) {
  const frameBytes = 2 * Float32Array.BYTES_PER_ELEMENT;
  const largest = new Float32Array(Math.ceil(samples / stretch));
  const power = new Float64Array(largest.length);
  // whole stretches: a sum must not depend on where blocks begin
  const block = new Float32Array(2 * stretch * Math.max(1, Math.floor((16 * 1024) / stretch)));
  const bytes = new Uint8Array(block.buffer);
  const file = openSync(path, 'r');
  try {
    let done = 0;
    while (done < samples) {
      const wanted = Math.min(bytes.length, (samples - done) * frameBytes);
      let filled = 0;
      for (let read = -1; filled < wanted && read !== 0; filled += read) {
        read = readSync(file, bytes, filled, wanted - filled, offset + done * frameBytes + filled);
      }
      const floats = 2 * Math.floor(filled / frameBytes);
      for (let from = 0, at = done / stretch; from < floats; from += 2 * stretch, at += 1) {
        const to = Math.min(floats, from + 2 * stretch);
        let top = 0;
        // a sum for each channel: one would wait for itself
        let left = 0;
        let right = 0;
        for (let index = from; index < to; index += 2) {
          const one = block[index] ?? 0;
          const other = block[index + 1] ?? 0;
          top = Math.max(top, Math.abs(one), Math.abs(other));
          left += one * one;
          right += other * other;
        }
        largest[at] = top;
        power[at] = left + right;
      }
      done += floats / 2;
      if (filled < wanted) break;
    }
    return { largest, power, samples: done };
  } finally {
    closeSync(file);
  }
}
