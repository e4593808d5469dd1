import { Readable } from 'node:stream';
import type { Programs, SignalOption } from '../ffmpeg/call-options.js';
import { runFfmpeg } from '../ffmpeg/run-ffmpeg.js';
import { ownInput, PIPE_INPUT } from '../sources/ffmpeg-input.js';

/** A stretch of a FLAC file. */
export interface FlacStretch {
  /** a FLAC file with at least these samples */
  readonly flac: Uint8Array;
  /** samples of that file: the first one, and the one after the last */
  readonly from: number;
  readonly to: number;
}

/** a stretch of some seconds takes a tenth of a second */
const TIMEOUT_MS = 30_000;

/**
 * MP3 of 128 kbit/s without a bit reservoir, tags or an information frame: nothing but frames, each of which can be decoded
 * if the two before it are there too.
 */
const ENCODER = [
  ...['-c:a', 'libmp3lame', '-b:a', '128k', '-reservoir', '0', '-compression_level', '5'],
  ...['-write_xing', '0', '-id3v2_version', '0', '-f', 'mp3'],
];

/** Encodes a short stretch in memory. A decoder gives it back 1,105 samples late. */
export async function encodeLight(
  { program }: Pick<Programs, 'program'>,
  { flac, from, to }: FlacStretch,
  options: SignalOption,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  // frames in the middle of a song have its times
  const trim = ['-af', `atrim=start_sample=${from}:end_sample=${to},asetpts=N/SR/TB`];
  const encode = ['-map', '0:a:0', '-map_metadata', '-1', '-threads', '1', '-bitexact', ...trim, ...ENCODER, 'pipe:1'];
  await runFfmpeg(program, [...ownInput(PIPE_INPUT, 'flac'), ...encode], {
    ...options,
    stdin: Readable.from([flac], { objectMode: false }),
    onStdout: (chunk) => chunks.push(chunk),
    timeoutMs: TIMEOUT_MS,
    graceMs: 0,
  });
  return Buffer.concat(chunks);
}
