import { findFrame, parseStreamInfo, type StreamInfo } from './flac-format.js';
import type { Segment, StemSource } from './stem-source.js';

/** A part of a file, and how long all of it is. */
export interface FilePart {
  readonly bytes: Uint8Array;
  readonly total: number;
}

/** Reads bytes `start` to `end` (not included), fewer where the file ends before. */
export type ReadPart = (start: number, end: number, signal: AbortSignal) => Promise<FilePart>;

/** Decodes a whole small file without resampling. */
export type Decode = (
  file: ArrayBuffer,
) => Promise<{ readonly length: number; getChannelData(channel: number): Float32Array }>;

export class BrokenStemError extends Error {}

/** metadata and a bit of sound */
const HEAD_BYTES = 64 * 1024;

/** about three seconds: soon there, and few calls */
const SEGMENT_SAMPLES = 131_072;

/** more than a frame, so that a search finds one where it looks */
const SEARCH_BYTES = 192 * 1024;

const MOST_SEARCHES = 40;

/**
 * A FLAC file that is read and decoded in stretches, from anywhere. Frames stand alone and carry their number, so the
 * place of a sample is found by looking at the numbers, and every stretch decodes to exactly the samples it has.
 */
export class FlacSource implements StemSource {
  readonly segmentSamples: number;
  readonly samples: number;
  private readonly framesPerSegment: number;
  /** offsets of segments that were seen, by index; the end of the file is the one after the last */
  private readonly offsets = new Map<number, number>();
  private window: { readonly start: number; readonly bytes: Uint8Array };

  private constructor(
    private readonly info: StreamInfo,
    private readonly bytes: number,
    head: Uint8Array,
    private readonly read: ReadPart,
    private readonly decode: Decode,
  ) {
    this.framesPerSegment = Math.ceil(SEGMENT_SAMPLES / info.blockSamples);
    this.segmentSamples = this.framesPerSegment * info.blockSamples;
    this.samples = info.samples;
    this.window = { start: 0, bytes: head };
    this.offsets.set(0, info.dataOffset);
    this.offsets.set(this.segments, bytes);
  }

  /** @throws NotFlacError, and what `read` throws */
  static async open(read: ReadPart, decode: Decode, signal: AbortSignal): Promise<FlacSource> {
    const { bytes, total } = await read(0, HEAD_BYTES, signal);
    return new FlacSource(parseStreamInfo(bytes), total, bytes, read, decode);
  }

  private get segments(): number {
    return Math.ceil(this.samples / this.segmentSamples);
  }

  /** @throws BrokenStemError where the file is not what its header says */
  async segment(index: number, signal: AbortSignal): Promise<Segment> {
    const start = await this.locate(index, signal);
    const frames = await this.framesFrom(index, start, signal);
    const file = new Uint8Array(this.info.prefix.length + frames.length);
    file.set(this.info.prefix);
    file.set(frames, this.info.prefix.length);
    const sound = await this.decode(file.buffer);
    const expected = Math.min(this.segmentSamples, this.samples - index * this.segmentSamples);
    if (sound.length !== expected) throw new BrokenStemError(`${sound.length} samples instead of ${expected}`);
    // copies: the buffer of the browser is shared by both channels
    return { left: sound.getChannelData(0).slice(), right: sound.getChannelData(1).slice() };
  }

  private async framesFrom(index: number, start: number, signal: AbortSignal): Promise<Uint8Array> {
    const next = (index + 1) * this.framesPerSegment;
    const known = this.offsets.get(index + 1);
    const average = (this.bytes - this.info.dataOffset) / this.segments;
    for (let length = average * 1.2; ; length *= 1.5) {
      const bytes = await this.part(start, known ?? Math.ceil(start + length), signal);
      if (known !== undefined) return bytes;
      const end = findFrame(bytes, 1, (frame) => frame === next);
      if (end !== -1) {
        this.offsets.set(index + 1, start + end);
        return bytes.subarray(0, end);
      }
      if (start + bytes.length >= this.bytes) throw new BrokenStemError('a frame is missing');
    }
  }

  /** Offset of a segment's first frame: guessed from what is known of others, then corrected by what is found there. */
  private async locate(index: number, signal: AbortSignal): Promise<number> {
    const known = this.offsets.get(index);
    if (known !== undefined) return known;
    const wanted = index * this.framesPerSegment;
    let [low, high] = this.neighbours(index);
    for (let tries = 0; tries < MOST_SEARCHES; tries += 1) {
      const share = (wanted - low.frame) / (high.frame - low.frame);
      const guess = low.offset + share * (high.offset - low.offset) - SEARCH_BYTES / 2;
      const from = Math.max(low.offset, Math.floor(guess));
      const bytes = await this.part(from, from + SEARCH_BYTES, signal);
      const [lowest, highest] = [low.frame, high.frame];
      const exact = findFrame(bytes, 0, (frame) => frame === wanted);
      if (exact !== -1) {
        this.offsets.set(index, from + exact);
        return from + exact;
      }
      let found = -1;
      const at = findFrame(bytes, 0, (frame) => {
        found = frame;
        return frame >= lowest && frame < highest;
      });
      if (at === -1) throw new BrokenStemError('no frame where one must be');
      if (found > wanted) high = { frame: found, offset: from + at };
      else low = this.lastFrame(bytes, from, { lowest: found, highest: wanted });
    }
    throw new BrokenStemError('a segment cannot be found');
  }

  private neighbours(index: number): [FramePlace, FramePlace] {
    const places = [...this.offsets].map(([segment, offset]) => ({
      frame: Math.min(segment * this.framesPerSegment, Math.ceil(this.samples / this.info.blockSamples)),
      offset,
      segment,
    }));
    const below = places.filter(({ segment }) => segment < index);
    const above = places.filter(({ segment }) => segment > index);
    const low = below.reduce((best, place) => (place.frame > best.frame ? place : best));
    const high = above.reduce((best, place) => (place.frame < best.frame ? place : best));
    return [low, high];
  }

  private lastFrame(bytes: Uint8Array, from: number, { lowest, highest }: FrameRange): FramePlace {
    let last = { frame: lowest, offset: from };
    let seen = lowest;
    for (let at = 0; at !== -1;) {
      at = findFrame(bytes, at, (frame) => {
        seen = frame;
        return frame >= lowest && frame < highest;
      });
      if (at === -1) break;
      last = { frame: seen, offset: from + at };
      at += 1;
    }
    return last;
  }

  /** from what was read last where that has it */
  private async part(start: number, end: number, signal: AbortSignal): Promise<Uint8Array> {
    const last = Math.min(end, this.bytes);
    const { window } = this;
    const windowEnd = window.start + window.bytes.length;
    if (start >= window.start && last <= windowEnd) {
      return window.bytes.subarray(start - window.start, last - window.start);
    }
    const kept =
      start >= window.start && start < windowEnd ? window.bytes.subarray(start - window.start) : new Uint8Array();
    const { bytes } = await this.read(start + kept.length, last, signal);
    const joined = new Uint8Array(kept.length + bytes.length);
    joined.set(kept);
    joined.set(bytes, kept.length);
    this.window = { start, bytes: joined };
    return joined;
  }
}

interface FramePlace {
  readonly frame: number;
  readonly offset: number;
}

interface FrameRange {
  readonly lowest: number;
  readonly highest: number;
}
