import type { Readable } from 'node:stream';
import type { Programs, SignalOption } from '../ffmpeg/call-options.js';
import { decodingTimeoutMs, originalArguments } from './decode-arguments.js';
import { MAX_MEMORY_BYTES } from './run-metered.js';
import { runFfmpeg } from '../ffmpeg/run-ffmpeg.js';
import { flacSamples } from '../songs/flac-stream-info.js';
import type { FfmpegInput } from '../sources/ffmpeg-input.js';
import { withLoopback } from '../sources/loopback-server.js';
import type { SeekableSource } from '../sources/seekable-source.js';
import { withTemporaryFile } from '../sources/temporary-file.js';
import { WORKING_RATE } from '../wav/working-format.js';

/** A stored song with finished stems. */
export interface SeparatedSong {
  readonly source: SeekableSource;
  /** per channel, from the manifest */
  readonly samples: number;
  /** linear, that of the stems */
  readonly gain: number;
}

/** Decodes from a seekable source, as the worker does: from a pipe, an MP3 has another length. */
export function decodeOriginal<T>(
  { program, scratchDir }: Programs,
  { source, samples, gain }: SeparatedSong,
  use: (flac: Readable) => Promise<T>,
  options: SignalOption,
): Promise<T> {
  const seconds = samples / WORKING_RATE;
  return withTemporaryFile(scratchDir, async (file) => {
    const decode = async ([input]: readonly [FfmpegInput]): Promise<void> => {
      await runFfmpeg(program, originalArguments(input, seconds, gain, 'file:/dev/stdout'), {
        ...options,
        stdout: file.fd,
        maxMemoryBytes: MAX_MEMORY_BYTES,
        timeoutMs: decodingTimeoutMs(seconds),
      });
    };
    await withLoopback([source], decode, options.signal);
    const decoded = await flacSamples(file);
    if (decoded !== samples) throw new RangeError(`the song has ${decoded} samples, but its stems have ${samples}`);
    return use(file.createReadStream({ start: 0, autoClose: false }));
  });
}
