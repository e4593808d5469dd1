import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { WORKING_RATE } from '../ffmpeg/decoding.js';
import type { Growth } from './growth.js';
import { parseWavHeader } from './wav-header.js';

export const CHANNELS = 2;
export const FRAME_BYTES = CHANNELS * Float32Array.BYTES_PER_ELEMENT;
const HEADER_BYTES = 4096;
const BLOCK_FRAMES = 32 * 1024;

/** An open WAV of float32 samples at 44.1 kHz, stereo: the working WAV, or a stem as the engine writes it. */
export interface FloatWav {
  /** of one channel, as the header says */
  readonly samples: number;
  readonly dataOffset: number;
  readonly file: FileHandle;
}

/** How a file is read that may still be written. */
export interface FollowOptions {
  /** tells what is final; without it the file is whole */
  readonly growth?: Growth | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens the file for `use` and closes it; one that grows is opened when its first samples are final.
 * @throws TypeError when it is another kind of file, or its header says another length than it has or will have.
 */
export async function withFloatWav<T>(
  path: string,
  options: FollowOptions,
  use: (wav: FloatWav) => Promise<T>,
): Promise<T> {
  const wav = await openFloatWav(path, options);
  try {
    return await use(wav);
  } finally {
    await wav.file.close();
  }
}

/**
 * The bytes of the samples in blocks, each once it is final; asking for the next one overwrites a whole block.
 * @throws TypeError when the file ends before its samples do, or the signal's reason.
 */
export async function* readSamples(wav: FloatWav, options: FollowOptions): AsyncGenerator<Buffer, void, undefined> {
  const { growth, signal = NEVER } = options;
  // one for all whole blocks: a new one each time would keep the garbage collector as busy as the encoders. A short one
  // is its own: a stream takes it and asks for the next before it is written
  const whole = Buffer.allocUnsafe(BLOCK_FRAMES * FRAME_BYTES);
  for (let done = 0; done < wav.samples;) {
    signal.throwIfAborted();
    const final = growth === undefined ? wav.samples : await growth.beyond(done, signal);
    const frames = Math.min(BLOCK_FRAMES, final - done);
    const block = frames === BLOCK_FRAMES ? whole : Buffer.allocUnsafe(frames * FRAME_BYTES);
    const { bytesRead } = await wav.file.read(block, 0, block.length, wav.dataOffset + done * FRAME_BYTES);
    const read = Math.floor(bytesRead / FRAME_BYTES);
    if (read === 0) throw new TypeError('a WAV file that ends before its samples do');
    yield block.subarray(0, read * FRAME_BYTES);
    done += read;
  }
}

/**
 * The bytes of the whole file, header and samples, as they become final, to be piped: a block is read when the one before
 * it was written, and not ahead. Destroying the stream waits for no growth. Errors as of the two above.
 */
export function streamWav(path: string, options: FollowOptions): Readable {
  const blocks = readWav(path, options);
  return new Readable({
    highWaterMark: 0,
    read(): void {
      blocks.next().then(
        ({ value, done }) => this.push(done === true ? null : value),
        (error: unknown) => this.destroy(error as Error),
      );
    },
    destroy(error, done): void {
      // it closes the file, at once or when its signal aborts
      blocks.return().catch(() => undefined);
      done(error);
    },
  });
}

async function* readWav(path: string, options: FollowOptions): AsyncGenerator<Buffer, void, undefined> {
  const wav = await openFloatWav(path, options);
  try {
    const { buffer } = await wav.file.read(Buffer.alloc(wav.dataOffset), 0, wav.dataOffset, 0);
    yield buffer;
    yield* readSamples(wav, options);
  } finally {
    await wav.file.close();
  }
}

const NEVER = new AbortController().signal;

async function openFloatWav(path: string, { growth, signal = NEVER }: FollowOptions): Promise<FloatWav> {
  await growth?.beyond(0, signal);
  const file = await open(path, 'r');
  try {
    return await readHeader(path, file, growth);
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readHeader(path: string, file: FileHandle, growth: Growth | undefined): Promise<FloatWav> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
  const header = parseWavHeader(buffer.subarray(0, bytesRead));
  if (header?.dataBytes === undefined) throw new TypeError(`${path} has no length in its header`);
  const { dataBytes, dataOffset, encoding, channels, sampleRate, bitsPerSample } = header;
  const isWorking =
    encoding === 'float' && bitsPerSample === 32 && channels === CHANNELS && sampleRate === WORKING_RATE;
  if (!isWorking) throw new TypeError(`${path} is not a WAV of float32 samples at 44.1 kHz, stereo`);
  const samples = Math.floor(dataBytes / FRAME_BYTES);
  if (growth === undefined) {
    const { size } = await file.stat();
    if (size < dataOffset + dataBytes) throw new TypeError(`${path} is shorter than its header says`);
  } else if (samples !== growth.total) {
    throw new TypeError(`${path} will have ${samples} samples where ${growth.total} are announced`);
  }
  return { file, dataOffset, samples };
}
