import type { Readable } from 'node:stream';
import { runProcess } from '@app/processes';
import type { Format } from '@app/separations';
import type { SeekableSource } from '../audio-facts.js';
import { ENCODING_TIMEOUT_MS, encodingArguments } from './encoding.js';
import { masterInputs, type FfmpegInput } from '../sources/ffmpeg-input.js';
import type { SignalOption } from '../call-options.js';
import { withLoopback } from '../sources/loopback-server.js';
import { openNameless } from '../sources/nameless-file.js';

/** A stored master in a mix. */
export interface MixLane {
  readonly source: SeekableSource;
  /** linear, what its left side is multiplied by; 0 to 2, as is `right` */
  readonly left: number;
  readonly right: number;
}

export interface MixRequest {
  readonly lanes: readonly MixLane[];
  readonly format: Format;
}

/** A mix in a temporary file, which is there until it is closed. */
export interface RenderedMix {
  readonly bytes: number;
  /** largest sample of the sum, dB of full scale: above 0 peaks were cut off; -Infinity for silence */
  readonly peakDb: number;
  read(): Readable;
  close(): Promise<void>;
}

const LOUDEST = 2;

/** Renders all of it first: what fails is known before the first byte is read, and so are length and peak. */
export async function mixStems(
  program: string,
  { lanes, format }: MixRequest,
  options: SignalOption,
): Promise<RenderedMix> {
  const graph = mixGraph(lanes);
  const meter = new PeakMeter();
  const sources = lanes.map(({ source }) => source);
  const file = await openNameless();
  try {
    const render = async (inputs: readonly FfmpegInput[]): Promise<void> => {
      const reading = [...masterInputs(inputs), '-filter_complex_threads', '1', '-filter_complex', graph];
      await runProcess(program, [...reading, ...encodingArguments(format, 'file:/dev/stdout', '[mix]')], {
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

/** The sum in float32: levels by side, then added without the scaling that would make the mix quieter. */
function mixGraph(lanes: readonly MixLane[]): string {
  const ends = lanes.map((_, lane) => `[l${lane}]`);
  const levels = lanes.map(
    ({ left, right }, lane) =>
      `[${lane}:a:0]aformat=sample_fmts=fltp,pan=stereo|c0=${factor(left)}*c0|c1=${factor(right)}*c1${ends[lane] ?? ''}`,
  );
  const sum = `${ends.join('')}amix=inputs=${lanes.length}:normalize=0`;
  return [...levels, `${sum},astats=measure_perchannel=none:measure_overall=Peak_level[mix]`].join(';');
}

/** never as 1e-7, which ffmpeg does not read */
function factor(level: number): string {
  if (!(level >= 0 && level <= LOUDEST)) throw new RangeError(`a level of a mix is 0 to ${LOUDEST}, not ${level}`);
  return level.toFixed(6);
}

class PeakMeter {
  peakDb = -Infinity;

  readonly onLine = (line: string): void => {
    const peak = /^\[Parsed_astats_\d+ @ \w+\] Peak level dB: (-?[\d.]+)$/.exec(line)?.[1];
    if (peak !== undefined) this.peakDb = Number(peak);
  };
}
