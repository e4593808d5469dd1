import { setImmediate } from 'node:timers/promises';
import { SlidingWindow } from '../sources/sliding-window.js';
import type { SeekableSource } from '../sources/seekable-source.js';
import { HEADER_BYTES, parseMp3Frame, parseMp3Index, type Mp3Frame, type Mp3Index } from './mp3-frame.js';
import { tagBytes } from './tags.js';

/** Frames without a gap. */
export interface Mp3Run {
  /** offset of the first frame */
  readonly start: number;
  /** offset of what follows the last */
  end: number;
  frames: number;
  readonly first: Mp3Frame;
  /** the header of the first frame */
  readonly header: Buffer;
  /** whether tags alone, or nothing, stand between this run and the one before */
  readonly followsTags: boolean;
}

export interface Mp3Scan {
  readonly runs: readonly Mp3Run[];
  /** in the first frame, if it holds no music */
  readonly index: Mp3Index | undefined;
}

/** longer than any frame */
const LOOK_AHEAD = 16 * 1024;
/** noise hardly ever has as many headers, each where the one before says */
const CHAIN = 4;
/** junk in front of the first frame: a bigger file of something else is not searched to its end */
const MAX_JUNK_BYTES = 1024 * 1024;

/** places between frames where a header or a tag may start: noise has one in 64 bytes */
const MAX_GUESSES = 1_000_000;
/** guesses without a pause keep all other work of the process waiting */
const GUESSES_PER_TURN = 4096;

/** Finds the frames of an MP3 by their headers, over gaps of any length. Undefined if the file is something else, or mostly junk. */
export async function scanMp3(source: SeekableSource): Promise<Mp3Scan | undefined> {
  const window = new SlidingWindow(source);
  try {
    return await scan(window);
  } finally {
    window.close();
  }
}

async function scan(window: SlidingWindow): Promise<Mp3Scan | undefined> {
  const runs: Mp3Run[] = [];
  let index: Mp3Index | undefined;
  let run: Mp3Run | undefined;
  let followsTags = true;
  let guesses = 0;
  for (let at = 0; at + HEADER_BYTES <= window.length;) {
    const view = await window.view(at, LOOK_AHEAD);
    const frame = parseMp3Frame(view, 0);
    if (frame !== undefined && frame.stream === run?.first.stream) {
      run.frames += 1;
      at = run.end = Math.min(at + frame.bytes, window.length);
      continue;
    }
    run = undefined;
    const isChain = frame !== undefined && isChained(view, frame, window.length - at, runs.length > 0 || followsTags);
    if (isChain) {
      if (runs.length === 0) index = parseMp3Index(view.subarray(0, frame.bytes), frame);
      const header = Buffer.from(view.subarray(0, HEADER_BYTES));
      run = { start: at, end: at, frames: 0, first: frame, header, followsTags };
      runs.push(run);
      followsTags = true;
      continue;
    }
    const tag = tagBytes(view);
    if (tag === 0) followsTags = false;
    at += tag === 0 ? bytesToNextSync(view) : tag;
    guesses += 1;
    if (guesses > MAX_GUESSES || (runs.length === 0 && !followsTags && at > MAX_JUNK_BYTES)) return undefined;
    if (guesses % GUESSES_PER_TURN === 0) await setImmediate();
  }
  return runs.length === 0 ? undefined : { runs, index };
}

/** @param mayEnd whether a chain that ends with the file may be shorter */
function isChained(view: Buffer, first: Mp3Frame, bytesLeft: number, mayEnd: boolean): boolean {
  let at = first.bytes;
  for (let count = 1; count < CHAIN; count += 1) {
    if (mayEnd && (at === bytesLeft || tagBytes(view.subarray(at)) > 0)) return true;
    const next = parseMp3Frame(view, at);
    if (next?.stream !== first.stream) return false;
    at += next.bytes;
  }
  return true;
}

/** At least 1: to the next byte that a header or a tag may start with. */
function bytesToNextSync(view: Buffer): number {
  for (let at = 1; at < view.length; at += 1) {
    const byte = view[at];
    // of a header, and the first letters of ID3, TAG and APETAGEX
    if (byte === 0xff || byte === 0x49 || byte === 0x54 || byte === 0x41) return at;
  }
  return view.length;
}
