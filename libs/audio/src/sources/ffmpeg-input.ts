import { CONTAINERS } from '@app/separations';
import { WORKING_CHANNELS, WORKING_RATE } from '../wav/working-format.js';

/** An input of ffmpeg. The protocols keep a playlist from naming another file or address. */
export interface FfmpegInput {
  readonly url: string;
  readonly protocols: string;
}

/** How ffmpeg is to read a part of a song. */
export interface Reading {
  /** the demuxers it may choose from; one alone is forced */
  readonly demuxers: readonly string[];
  /** options of the demuxer and the decoder */
  readonly options: readonly string[];
}

/** bytes in one allocation: enough for the covers of an album, too little for an image bomb */
const MAX_ALLOCATION_BYTES = 256 * 1024 * 1024;

export const PIPE_INPUT: FfmpegInput = { url: 'pipe:0', protocols: 'pipe' };

export function fileInput(path: string): FfmpegInput {
  return { url: `file:${path}`, protocols: 'file' };
}

/** An object that we serve on the loopback address only. */
export function loopbackInput(url: string): FfmpegInput {
  return { url, protocols: 'http,tcp' };
}

/** ffmpeg finds out what it is, within the containers that we take. */
export const ANY_CONTAINER: Reading = { demuxers: Object.keys(CONTAINERS), options: [] };

/** in an image: more than a camera's, and within the memory of a decoder */
const MAX_PIXELS = 64_000_000;

/** The first arguments: one untrusted input, audio only. */
export function untrustedInput(input: FfmpegInput, reading: Reading): string[] {
  // drop covers, videos, subtitles and data
  return untrusted(input, reading, ['-vn', '-sn', '-dn']);
}

/** The first arguments: the images of an untrusted input. */
export function imageInput(input: FfmpegInput, reading: Reading): string[] {
  return untrusted(input, reading, ['-max_pixels', String(MAX_PIXELS), '-an', '-sn', '-dn']);
}

function untrusted(input: FfmpegInput, { demuxers, options }: Reading, limits: readonly string[]): string[] {
  return [
    // the level at the start of each line tells faults from facts
    ...[...GLOBAL_ARGUMENTS, '-loglevel', 'repeat+level+info'],
    ...['-protocol_whitelist', input.protocols],
    ...['-format_whitelist', demuxers.join(',')],
    ...(demuxers.length === 1 ? ['-f', demuxers.join()] : []),
    ...options,
    ...['-max_alloc', String(MAX_ALLOCATION_BYTES)],
    ...['-threads', '1'],
    ...limits,
    ...['-i', input.url],
  ];
}

/** Arguments for an input that we wrote ourselves. */
export function ownInput(input: FfmpegInput, container: 'wav' | 'flac'): string[] {
  return [...GLOBAL_ARGUMENTS, ...ownArguments(input, container)];
}

/** Arguments for several masters. */
export function masterInputs(inputs: readonly FfmpegInput[]): string[] {
  return [...GLOBAL_ARGUMENTS, ...inputs.flatMap((input) => ownArguments(input, 'flac'))];
}

/** A stretch of a file of ours, in bytes, that holds samples in the working format and no header. */
interface SampleStretch {
  readonly path: string;
  readonly start: number;
  /** the byte after the last one */
  readonly end: number;
}

/** Arguments for stretches of growing stems: a demuxer of WAVs would read on. */
export function ownSamples(stretches: readonly SampleStretch[]): string[] {
  const format = ['-f', 'f32le', '-ar', String(WORKING_RATE), '-ac', String(WORKING_CHANNELS)];
  return [
    ...GLOBAL_ARGUMENTS,
    ...stretches.flatMap(({ path, start, end }) => {
      const url = `subfile,,start,${start},end,${end},,:file:${path}`;
      return ['-protocol_whitelist', 'subfile,file', '-threads', '1', ...format, '-i', url];
    }),
  ];
}

/** Arguments for samples in the working format that come through stdin, without a header. */
export function ownSampleStream(): string[] {
  const format = ['-f', 'f32le', '-ar', String(WORKING_RATE), '-ac', String(WORKING_CHANNELS)];
  return [...GLOBAL_ARGUMENTS, '-protocol_whitelist', PIPE_INPUT.protocols, ...format, '-i', PIPE_INPUT.url];
}

function ownArguments({ protocols, url }: FfmpegInput, container: 'wav' | 'flac'): string[] {
  const reading = container === 'wav' ? WAV_READING : [];
  return ['-protocol_whitelist', protocols, '-threads', '1', ...reading, '-f', container, '-i', url];
}

/**
 * A WAV shows itself in its first bytes: the default probe of 5 MB would delay a stem that grows slowly. Its packets pass
 * through three threads, so they are larger than by default: 0.2 s.
 */
const WAV_READING = ['-probesize', '4096', '-max_size', '65536'];

const GLOBAL_ARGUMENTS = ['-nostdin', '-hide_banner', '-nostats', '-filter_threads', '1', '-y'];
