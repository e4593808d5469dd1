import { MASTER_FORMAT } from '@app/separations';
import type { SignalOption } from '../ffmpeg/call-options.js';
import { stemArguments } from './encode-arguments.js';
import { runFfmpeg } from '../ffmpeg/run-ffmpeg.js';
import { ownSamples } from '../sources/ffmpeg-input.js';
import { withFloatWav } from '../wav/float-wav.js';
import { WORKING_FRAME_BYTES } from '../wav/working-format.js';
import type { WriteProgress } from '../wav/write-progress.js';

/** The same stretch of several stems, which may still grow after it. */
export interface StretchRequest {
  /** samples per channel: the first one, and the one after the last; all final */
  readonly from: number;
  readonly to: number;
  /** linear, above 0, at most 1 */
  readonly gain: number;
  readonly written: WriteProgress;
  /** WAVs in the working format, and the FLAC to make of each */
  readonly stems: readonly { readonly wavPath: string; readonly destination: string }[];
}

/** a stretch of a minute takes a second */
const TIMEOUT_MS = 60_000;

/** Encodes in one child: starting ffmpeg takes as long as a stretch of several seconds. */
export async function encodeStretches(program: string, request: StretchRequest, options: SignalOption): Promise<void> {
  const { from, to, gain, written, stems } = request;
  const offsets = await Promise.all(
    stems.map(({ wavPath }) =>
      withFloatWav(wavPath, { written, ...options }, (wav) => Promise.resolve(wav.dataOffset)),
    ),
  );
  const inputs = stems.map(({ wavPath }, at) => {
    const start = (offsets[at] ?? 0) + from * WORKING_FRAME_BYTES;
    return { path: wavPath, start, end: start + (to - from) * WORKING_FRAME_BYTES };
  });
  const outputs = stems.flatMap(({ destination }, at) =>
    stemArguments(gain, { [MASTER_FORMAT]: destination }, `${at}:a:0`),
  );
  await runFfmpeg(program, [...ownSamples(inputs), ...outputs], { ...options, timeoutMs: TIMEOUT_MS, graceMs: 0 });
}
