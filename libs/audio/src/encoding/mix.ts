import type { Readable } from 'node:stream';
import type { Format } from '@app/separations';
import type { Programs, SignalOption } from '../ffmpeg/call-options.js';
import { ENCODING_TIMEOUT_MS, encodingArguments } from './encode-arguments.js';
import { runFfmpeg } from '../ffmpeg/run-ffmpeg.js';
import { masterInputs, type FfmpegInput } from '../sources/ffmpeg-input.js';
import { withLoopback } from '../sources/loopback-server.js';
import type { SeekableSource } from '../sources/seekable-source.js';
import { openTemporaryFile } from '../sources/temporary-file.js';

/** One stored master in a mix. */
export interface MixLane {
  readonly source: SeekableSource;
  /** linear levels of its two channels, 0 to 2 */
  readonly left: number;
  readonly right: number;
}

interface MixRequest {
  readonly lanes: readonly MixLane[];
  readonly format: Format;
}

/** A mix in a temporary file; `close` removes it. */
export interface RenderedMix {
  readonly bytes: number;
  /** peak of the sum in dBFS: above 0 the mix is clipped; -Infinity for silence */
  readonly peakDb: number;
  read(): Readable;
  close(): Promise<void>;
}

const MAX_LEVEL = 2;

/** Renders the whole mix first, to know failures, length and peak before the first byte is sent. */
export async function mixStems(
  { program, scratchDir }: Programs,
  { lanes, format }: MixRequest,
  options: SignalOption,
): Promise<RenderedMix> {
  const graph = mixGraph(lanes);
  const meter = new PeakMeter();
  const sources = lanes.map(({ source }) => source);
  const file = await openTemporaryFile(scratchDir);
  try {
    const render = async (inputs: readonly FfmpegInput[]): Promise<void> => {
      const reading = [...masterInputs(inputs), '-filter_complex_threads', '1', '-filter_complex', graph];
      await runFfmpeg(program, [...reading, ...encodingArguments(format, 'file:/dev/stdout', '[mix]')], {
        ...options,
        stdout: file.fd,
        timeoutMs: ENCODING_TIMEOUT_MS,
        onStderrLine: meter.onLine,
      });
    };
    await withLoopback(sources, render, options.signal);
    const { size } = await file.stat();
    return {
      bytes: size,
      peakDb: meter.peakDb,
      read: () => file.createReadStream({ start: 0, autoClose: false }),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Applies the levels and adds up in float32; `normalize=0` keeps amix from lowering the sum. */
function mixGraph(lanes: readonly MixLane[]): string {
  const ends = lanes.map((_, lane) => `[l${lane}]`);
  const levels = lanes.map(
    ({ left, right }, lane) =>
      `[${lane}:a:0]aformat=sample_fmts=fltp,pan=stereo|c0=${factor(left)}*c0|c1=${factor(right)}*c1${ends[lane] ?? ''}`,
  );
  const sum = `${ends.join('')}amix=inputs=${lanes.length}:normalize=0`;
  return [...levels, `${sum},astats=measure_perchannel=none:measure_overall=Peak_level[mix]`].join(';');
}

/** fixed-point: ffmpeg does not parse 1e-7 */
function factor(level: number): string {
  if (!(level >= 0 && level <= MAX_LEVEL)) throw new RangeError(`a level must be 0 to ${MAX_LEVEL}, not ${level}`);
  return level.toFixed(6);
}

class PeakMeter {
  peakDb = -Infinity;

  readonly onLine = (line: string): void => {
    const peak = /^\[Parsed_astats_\d+ @ \w+\] Peak level dB: (-?[\d.]+)$/.exec(line)?.[1];
    if (peak !== undefined) this.peakDb = Number(peak);
  };
}
