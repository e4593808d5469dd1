import type { Readable } from 'node:stream';
import type { AudioSource } from '../audio-facts.js';
import { fileInput, loopbackInput, PIPE_INPUT, type FfmpegInput } from './ffmpeg-input.js';
import { LoopbackServer } from './loopback-server.js';
import { needsSeeking } from './mp4-layout.js';

/** A source as ffmpeg gets it. */
export interface OpenSource {
  readonly input: FfmpegInput;
  readonly stdin?: Readable;
  /** why the source could not be read to its end, where ffmpeg cannot know */
  readonly failure: () => Error | undefined;
  readonly close: () => Promise<void>;
}

const NOTHING_TO_CLOSE = { failure: () => undefined, close: () => Promise.resolve() };

/** Pipes what can be piped; serves the rest on the loopback address until it is closed. */
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
  // one that breaks before ffmpeg has started keeps its error until it is piped
  stdin.on('error', () => undefined);
  return { input: PIPE_INPUT, stdin, ...NOTHING_TO_CLOSE };
}
