import type { SignalOption } from '../ffmpeg/call-options.js';
import { runFfmpeg } from '../ffmpeg/run-ffmpeg.js';
import { MAX_MEMORY_BYTES } from '../decoding/run-metered.js';
import { ANY_CONTAINER, fileInput, imageInput } from '../sources/ffmpeg-input.js';

const TIMEOUT_MS = 20_000;
/** of a side, in pixels */
const LONGEST_SIDE = 600;

/** keeps the shape, and makes nothing larger */
const SCALED = `scale=w='min(${LONGEST_SIDE},iw)':h='min(${LONGEST_SIDE},ih)':force_original_aspect_ratio=decrease`;

export interface SongCover {
  /** of the song */
  readonly path: string;
  /** see `readTags` */
  readonly stream: number;
}

/**
 * Writes the cover of a song as a new JPEG of at most 600 × 600 pixels, so nothing of the song's own bytes is served.
 * @throws ProcessFailedError if it cannot be decoded
 */
export async function writeCover(
  program: string,
  { path, stream }: SongCover,
  destination: string,
  options: SignalOption,
): Promise<void> {
  const args = [
    ...imageInput(fileInput(path), ANY_CONTAINER),
    ...['-map', `0:${stream}`, '-frames:v', '1', '-vf', SCALED, '-map_metadata', '-1', '-bitexact'],
    ...['-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p', '-q:v', '4', '-f', 'image2', '-update', '1', `file:${destination}`],
  ];
  await runFfmpeg(program, args, { ...options, timeoutMs: TIMEOUT_MS, graceMs: 0, maxMemoryBytes: MAX_MEMORY_BYTES });
}
