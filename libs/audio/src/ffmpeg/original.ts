import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { runProcess } from '@app/processes';
import type { SeekableSource } from '../audio-facts.js';
import { WORKING_RATE, decodingTimeoutMs, originalArguments } from './decoding.js';
import type { FfmpegInput } from '../sources/ffmpeg-input.js';
import type { SignalOption } from '../call-options.js';
import { withLoopback } from '../sources/loopback-server.js';
import { withNamelessFile } from '../sources/nameless-file.js';

/** A stored song whose stems were made. */
export interface DecodedInput {
  readonly source: SeekableSource;
  /** of one channel, from the manifest */
  readonly samples: number;
  /** linear, that of the stems */
  readonly gain: number;
}

/** `fLaC`, the header of the first block, and 13 bytes of STREAMINFO lie before (RFC 9639, 8.2) */
const SAMPLES_AT = 4 + 4 + 13;

/** From an address that can be sought in, as the worker's file can: an mp3 from a pipe has another length. */
export function decodeOriginal<T>(
  program: string,
  { source, samples, gain }: DecodedInput,
  use: (flac: Readable) => Promise<T>,
  options: SignalOption,
): Promise<T> {
  const seconds = samples / WORKING_RATE;
  return withNamelessFile(async (file) => {
    const decode = async ([input]: readonly [FfmpegInput]): Promise<void> => {
      await runProcess(program, originalArguments(input, seconds, gain, 'file:/dev/stdout'), {
        ...options,
        stdout: file.fd,
        timeoutMs: decodingTimeoutMs(seconds),
      });
    };
    await withLoopback([source], decode, options.signal);
    const decoded = await samplesOf(file);
    if (decoded !== samples) throw new RangeError(`the song has ${decoded} samples, its stems ${samples}`);
    return use(file.createReadStream({ start: 0, autoClose: false }));
  });
}

/** 36 bits: the low half of a byte and the four bytes after it */
async function samplesOf(file: FileHandle): Promise<number> {
  const { buffer } = await file.read(Buffer.alloc(5), 0, 5, SAMPLES_AT);
  return (buffer.readUInt8(0) & 0x0f) * 2 ** 32 + buffer.readUInt32BE(1);
}
