import type { Readable } from 'node:stream';
import { fileInput, loopbackInput, PIPE_INPUT, type FfmpegInput } from './ffmpeg-input.js';
import { LoopbackServer } from './loopback-server.js';
import { needsSeeking } from './mp4-atoms.js';
import type { SeekableSource } from './seekable-source.js';

/** Where a song comes from. A plain stream cannot carry an MP4 whose index follows its audio. */
export type AudioSource =
  { readonly stream: Readable } | { readonly path: string } | { readonly seekable: SeekableSource };

/** A source as an input of ffmpeg. */
export interface OpenSource {
  readonly input: FfmpegInput;
  readonly stdin?: Readable;
  /** why reading failed; ffmpeg only sees an early end */
  readonly failure: () => Error | undefined;
  readonly close: () => Promise<void>;
}

const NOTHING_TO_CLOSE = { failure: () => undefined, close: () => Promise.resolve() };

/** Pipes a source where possible, and otherwise serves it on the loopback address until it is closed. */
export async function openSource(source: AudioSource): Promise<OpenSource> {
  if ('path' in source) return { input: fileInput(source.path), ...NOTHING_TO_CLOSE };
  if ('stream' in source) return piped(source.stream);
  const { seekable } = source;
  if (!(await needsSeeking(seekable))) {
    return piped(await seekable.read({ start: 0, end: Math.max(seekable.bytes - 1, 0) }));
  }
  const server = await LoopbackServer.start(seekable);
  return { input: loopbackInput(server.url), failure: () => server.failure, close: () => server.close() };
}

function piped(stdin: Readable): OpenSource {
  // an error before ffmpeg starts stays on the stream until it is piped
  stdin.on('error', () => undefined);
  return { input: PIPE_INPUT, stdin, ...NOTHING_TO_CLOSE };
}
