import type { FileHandle } from 'node:fs/promises';
import { WORKING_FRAME_BYTES } from './working-format.js';

const BLOCK_BYTES = 256 * 1024 * WORKING_FRAME_BYTES;

/** Silence to put into a song, in samples per channel. */
export interface SilentStretch {
  /** where, in the samples without any silence */
  readonly at: number;
  readonly samples: number;
}

/**
 * Moves the samples of an open file apart and fills the gaps with silence; moves each sample once, the last first.
 * @param silence in order. @returns samples per channel afterwards
 */
export async function insertSilence(
  file: FileHandle,
  dataOffset: number,
  samples: number,
  silence: readonly SilentStretch[],
): Promise<number> {
  let shift = silence.reduce((sum, stretch) => sum + stretch.samples, 0);
  const total = samples + shift;
  let end = samples;
  for (const stretch of [...silence].reverse()) {
    const at = Math.min(stretch.at, end);
    await moveUp(file, { from: at, to: end, by: shift, dataOffset });
    shift -= stretch.samples;
    await fillWithZeros(file, dataOffset + (at + shift) * WORKING_FRAME_BYTES, stretch.samples * WORKING_FRAME_BYTES);
    end = at;
  }
  return total;
}

async function moveUp(
  file: FileHandle,
  { from, to, by, dataOffset }: { from: number; to: number; by: number; dataOffset: number },
): Promise<void> {
  const start = dataOffset + from * WORKING_FRAME_BYTES;
  for (let end = dataOffset + to * WORKING_FRAME_BYTES; end > start;) {
    const length = Math.min(BLOCK_BYTES, end - start);
    end -= length;
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, end);
    if (bytesRead !== length) throw new Error(`the file ends at ${end + bytesRead}`);
    await file.write(buffer, 0, length, end + by * WORKING_FRAME_BYTES);
  }
}

async function fillWithZeros(file: FileHandle, start: number, bytes: number): Promise<void> {
  const zeros = Buffer.alloc(Math.min(bytes, BLOCK_BYTES));
  for (let done = 0; done < bytes; done += zeros.length) {
    await file.write(zeros, 0, Math.min(zeros.length, bytes - done), start + done);
  }
}
