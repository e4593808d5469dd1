import type { FileHandle } from 'node:fs/promises';
import { PassThrough, type Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { withTaskGroup } from '@app/concurrency';
import { runProcess, type RunProcessOptions } from '@app/processes';
import type { Format } from '@app/separations';
import type { Change } from '@app/stretch';
import type { Programs, SignalOption } from '../ffmpeg/call-options.js';
import { runFfmpeg } from '../ffmpeg/run-ffmpeg.js';
import { masterInputs, ownSampleStream, type FfmpegInput } from '../sources/ffmpeg-input.js';
import { withLoopback } from '../sources/loopback-server.js';
import { openTemporaryFile } from '../sources/temporary-file.js';
import type { Stretching } from '../stretching/stretch-lanes.js';
import { ENCODING_TIMEOUT_MS, encodingArguments } from './encode-arguments.js';
import { kindsGraph, sumGraph, type MixLane } from './mix-graph.js';

const STRETCH_PROGRAM = fileURLToPath(new URL('../stretching/stretch-program.js', import.meta.url));

export interface MixRequest {
  readonly lanes: readonly MixLane[];
  readonly format: Format;
  readonly change: Change;
}

/** A mix in a temporary file; `close` removes it. */
export interface RenderedMix {
  readonly bytes: number;
  /** peak of the sum in dBFS: above 0 the mix is clipped; -Infinity for silence */
  readonly peakDb: number;
  read(): Readable;
  close(): Promise<void>;
}

interface Destination {
  readonly file: FileHandle;
  readonly onStderrLine: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Renders the whole mix first, to know failures, length and peak before the first byte is sent. */
export async function mixStems(
  { program, scratchDir }: Programs,
  request: MixRequest,
  { signal = new AbortController().signal }: SignalOption,
): Promise<RenderedMix> {
  const meter = new PeakMeter();
  const sources = request.lanes.map(({ source }) => source);
  const { speed, semitones } = request.change;
  const render = speed === 1 && semitones === 0 ? renderPlain : renderChanged;
  const file = await openTemporaryFile(scratchDir);
  try {
    const destination = { file, onStderrLine: meter.onLine, signal };
    await withLoopback(sources, (inputs) => render(program, inputs, request, destination), signal);
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

const METER = 'astats=measure_perchannel=none:measure_overall=Peak_level';

async function renderPlain(
  program: string,
  inputs: readonly FfmpegInput[],
  { lanes, format }: MixRequest,
  { file, ...options }: Destination,
): Promise<void> {
  const graph = ['-filter_complex_threads', '1', '-filter_complex', sumGraph(lanes, `,${METER}[mix]`)];
  const args = [...masterInputs(inputs), ...graph, ...encodingArguments(format, 'file:/dev/stdout', '[mix]')];
  await runFfmpeg(program, args, { ...options, stdout: file.fd, timeoutMs: ENCODING_TIMEOUT_MS });
}

/** Three processes at once: the sum of each kind of sound, its change, and the encoder. */
async function renderChanged(
  program: string,
  inputs: readonly FfmpegInput[],
  { lanes, format, change }: MixRequest,
  { file, onStderrLine, signal }: Destination,
): Promise<void> {
  const kinds = [...new Set(lanes.map(({ kind }) => kind))];
  const stretching: Stretching = { kinds, change };
  const [summed, changed] = [new PassThrough(), new PassThrough()];
  // the processes tell why
  for (const stream of [summed, changed]) stream.on('error', () => undefined);
  await withTaskGroup(signal, async (group) => {
    const options: RunProcessOptions = { signal: group.signal, timeoutMs: ENCODING_TIMEOUT_MS, graceMs: 0 };
    const graph = ['-filter_complex_threads', '1', '-filter_complex', kindsGraph(lanes, kinds, '[kinds]')];
    const raw = ['-map', '[kinds]', '-c:a', 'pcm_f32le', '-f', 'f32le', 'pipe:1'];
    const encoding = [...ownSampleStream(), '-af', METER, ...encodingArguments(format, 'file:/dev/stdout')];
    await Promise.all([
      group.start(() =>
        runFfmpeg(program, [...masterInputs(inputs), ...graph, ...raw], { ...options, stdout: summed }),
      ),
      group.start(() =>
        runProcess(process.execPath, [STRETCH_PROGRAM, JSON.stringify(stretching)], {
          ...options,
          stdin: summed,
          stdout: changed,
        }),
      ),
      group.start(() => runFfmpeg(program, encoding, { ...options, stdin: changed, stdout: file.fd, onStderrLine })),
    ]);
  });
}

class PeakMeter {
  peakDb = -Infinity;

  readonly onLine = (line: string): void => {
    const peak = /^\[Parsed_astats_\d+ @ \w+\] Peak level dB: (-?[\d.]+)$/.exec(line)?.[1];
    if (peak !== undefined) this.peakDb = Number(peak);
  };
}
