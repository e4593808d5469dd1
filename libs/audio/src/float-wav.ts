import { open, type FileHandle } from 'node:fs/promises';
import { WORKING_RATE } from './decoding.js';
import { parseWavHeader } from './wav-header.js';

const CHANNELS = 2;
const FRAME_BYTES = CHANNELS * 4;
const HEADER_BYTES = 4096;

/** An open WAV of float32 samples at 44.1 kHz, stereo: the working WAV, or a stem as the engine wrote it. */
export interface FloatWav {
  /** of one channel */
  readonly samples: number;
  readonly dataOffset: number;
  readonly file: FileHandle;
}

/**
 * Opens the file for `use` and closes it.
 * @throws TypeError when it is another kind of file, or its header says another length than the file has.
 */
export async function withFloatWav<T>(path: string, use: (wav: FloatWav) => Promise<T>): Promise<T> {
  const file = await open(path, 'r');
  try {
    return await use(await readHeader(path, file));
  } finally {
    await file.close();
  }
}

async function readHeader(path: string, file: FileHandle): Promise<FloatWav> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
  const header = parseWavHeader(buffer.subarray(0, bytesRead));
  if (header?.dataBytes === undefined) throw new TypeError(`${path} has no length in its header`);
  const { dataBytes, dataOffset, encoding, channels, sampleRate, bitsPerSample } = header;
  const isWorking =
    encoding === 'float' && bitsPerSample === 32 && channels === CHANNELS && sampleRate === WORKING_RATE;
  if (!isWorking) throw new TypeError(`${path} is not a WAV of float32 samples at 44.1 kHz, stereo`);
  const { size } = await file.stat();
  if (size < dataOffset + dataBytes) throw new TypeError(`${path} is shorter than its header says`);
  return { file, dataOffset, samples: Math.floor(dataBytes / FRAME_BYTES) };
}
