import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { parseWavHeader } from './wav-header.js';
import { WORKING_CHANNELS, WORKING_FRAME_BYTES, WORKING_RATE } from './working-format.js';
import type { WriteProgress } from './write-progress.js';

const HEADER_BYTES = 4096;
const BLOCK_FRAMES = 32 * 1024;

/** An open WAV in the working format: the mix, or a stem that the engine writes. */
export interface FloatWav {
  /** per channel, from the header */
  readonly samples: number;
  readonly dataOffset: number;
  readonly file: FileHandle;
}

/** How to read a file that may still grow. */
export interface FollowOptions {
  /** how far the file is written; leave it out for a complete file */
  readonly written?: WriteProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens the file for `use` and closes it. Opens a growing file once its first samples are final.
 * @throws TypeError for a file in another format, or if its header contradicts its length
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
 * Reads the samples in blocks, each once it is final. The next full block overwrites the last one.
 * @throws TypeError if the file ends before its last sample, or the signal's reason
 */
export async function* readSamples(wav: FloatWav, options: FollowOptions): AsyncGenerator<Buffer, void, undefined> {
  const { written, signal = NEVER } = options;
  // full blocks share one buffer: new ones would keep the garbage collector as busy as the encoders.
  // a short one gets its own: a stream asks for the next block before it writes this one
  const shared = Buffer.allocUnsafe(BLOCK_FRAMES * WORKING_FRAME_BYTES);
  for (let done = 0; done < wav.samples;) {
    signal.throwIfAborted();
    const final = written === undefined ? wav.samples : await written.waitBeyond(done, signal);
    const frames = Math.min(BLOCK_FRAMES, final - done);
    const block = frames === BLOCK_FRAMES ? shared : Buffer.allocUnsafe(frames * WORKING_FRAME_BYTES);
    const { bytesRead } = await wav.file.read(block, 0, block.length, wav.dataOffset + done * WORKING_FRAME_BYTES);
    const read = Math.floor(bytesRead / WORKING_FRAME_BYTES);
    if (read === 0) throw new TypeError(`the WAV file ends after ${done} of ${wav.samples} samples`);
    yield block.subarray(0, read * WORKING_FRAME_BYTES);
    done += read;
  }
}

/**
 * Streams the whole file, header and samples, as they become final. Reads a block only after the last one is consumed.
 * Destroying the stream does not wait for the file to grow. Throws the errors of `withFloatWav` and `readSamples`.
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
      // closes the file, at once or when the signal aborts
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

async function openFloatWav(path: string, { written, signal = NEVER }: FollowOptions): Promise<FloatWav> {
  await written?.waitBeyond(0, signal);
  const file = await open(path, 'r');
  try {
    return await readHeader(path, file, written);
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readHeader(path: string, file: FileHandle, written: WriteProgress | undefined): Promise<FloatWav> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
  const header = parseWavHeader(buffer.subarray(0, bytesRead));
  if (header?.dataBytes === undefined) throw new TypeError(`the header of ${path} has no length`);
  const { dataBytes, dataOffset, encoding, channels, sampleRate, bitsPerSample } = header;
  const isWorking =
    encoding === 'float' && bitsPerSample === 32 && channels === WORKING_CHANNELS && sampleRate === WORKING_RATE;
  if (!isWorking) throw new TypeError(`${path} is not a float32 WAV at 44.1 kHz, stereo`);
  const samples = Math.floor(dataBytes / WORKING_FRAME_BYTES);
  if (written !== undefined && samples !== written.total) {
    throw new TypeError(`the header of ${path} announces ${samples} samples instead of ${written.total}`);
  }
  if (written === undefined || written.isComplete) {
    const { size } = await file.stat();
    if (size < dataOffset + dataBytes) throw new TypeError(`${path} is shorter than its header says`);
  }
  return { file, dataOffset, samples };
}
