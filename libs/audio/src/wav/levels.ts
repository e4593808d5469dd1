import type { ThreadTools } from '@app/processes';

/** Samples of a file in the working format. */
export interface SampleRange {
  readonly path: string;
  /** of the first sample, in bytes */
  readonly offset: number;
  /** per channel, 1 or more */
  readonly samples: number;
  /** samples per channel for which levels are measured together */
  readonly stretch: number;
}

/** The levels of each stretch, linear. NaN or infinite samples make the power so. */
export interface Levels {
  readonly largest: Float32Array<ArrayBuffer>;
  /** sum of the squares of both channels */
  readonly power: Float64Array<ArrayBuffer>;
  /** samples that were there: fewer than asked for if the file ends */
  readonly samples: number;
}

/** Runs from its source text in a thread, so it must not use anything outside itself. */
export function measureLevels({ path, offset, samples, stretch }: SampleRange, { fs }: ThreadTools): Levels {
  const frameBytes = 2 * Float32Array.BYTES_PER_ELEMENT;
  const largest = new Float32Array(Math.ceil(samples / stretch));
  const power = new Float64Array(largest.length);
  // whole stretches: a sum must not depend on where blocks begin
  const block = new Float32Array(2 * stretch * Math.max(1, Math.floor((16 * 1024) / stretch)));
  const bytes = new Uint8Array(block.buffer);
  const file = fs.openSync(path, 'r');
  try {
    let done = 0;
    while (done < samples) {
      const wanted = Math.min(bytes.length, (samples - done) * frameBytes);
      let filled = 0;
      for (let read = -1; filled < wanted && read !== 0; filled += read) {
        read = fs.readSync(file, bytes, filled, wanted - filled, offset + done * frameBytes + filled);
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
    fs.closeSync(file);
  }
}
