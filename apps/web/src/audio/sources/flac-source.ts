import { findFrame, parseStreamInfo, type FramePlace, type StreamInfo } from './flac-format.js';
import type { Segment, StemSource } from './stem-source.js';

/** A part of a file, and the size of the whole file. */
export interface FilePart {
  readonly bytes: Uint8Array;
  readonly total: number;
}

/** Reads the bytes from `start` up to `end`, or fewer at the end of the file. */
export type ReadPart = (start: number, end: number, signal: AbortSignal) => Promise<FilePart>;

/** Decodes a small file without resampling. */
export type Decode = (
  file: ArrayBuffer,
) => Promise<{ readonly length: number; getChannelData(channel: number): Float32Array }>;

export class BrokenStemError extends Error {}

/** metadata and some audio */
const HEAD_BYTES = 64 * 1024;

/** about three seconds: loads fast, with few requests */
const SEGMENT_SAMPLES = 131_072;

/** longer than any frame, so it contains a frame header */
const SEARCH_BYTES = 192 * 1024;

const MAX_SEARCHES = 40;

/**
 * Reads and decodes any segment of a FLAC file by itself. FLAC frames are independent and numbered, so a search
 * over the numbers finds any sample, and a segment decodes to exactly its own samples.
 */
export class FlacSource implements StemSource {
  readonly segmentSamples: number;
  readonly samples: number;
  private readonly framesPerSegment: number;
  /** known offsets of segments, by index; the one after the last is the end of the file */
  private readonly offsets = new Map<number, number>();
  /** the part of the file that was read last */
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

  /** @throws NotFlacError, or what `read` throws */
  static async open(read: ReadPart, decode: Decode, signal: AbortSignal): Promise<FlacSource> {
    const { bytes, total } = await read(0, HEAD_BYTES, signal);
    return new FlacSource(parseStreamInfo(bytes), total, bytes, read, decode);
  }

  private get segments(): number {
    return Math.ceil(this.samples / this.segmentSamples);
  }

  /** @throws BrokenStemError if the file contradicts its header */
  async segment(index: number, signal: AbortSignal): Promise<Segment> {
    const start = await this.locate(index, signal);
    const frames = await this.framesFrom(index, start, signal);
    const file = new Uint8Array(this.info.prefix.length + frames.length);
    file.set(this.info.prefix);
    file.set(frames, this.info.prefix.length);
    const audio = await this.decode(file.buffer);
    const expected = Math.min(this.segmentSamples, this.samples - index * this.segmentSamples);
    if (audio.length !== expected) throw new BrokenStemError(`${audio.length} samples instead of ${expected}`);
    // copies, because both channels share the browser's buffer
    return { left: audio.getChannelData(0).slice(), right: audio.getChannelData(1).slice() };
  }

  private async framesFrom(index: number, start: number, signal: AbortSignal): Promise<Uint8Array> {
    const next = (index + 1) * this.framesPerSegment;
    const known = this.offsets.get(index + 1);
    const average = (this.bytes - this.info.dataOffset) / this.segments;
    for (let length = average * 1.2; ; length *= 1.5) {
      const bytes = await this.readPart(start, known ?? Math.ceil(start + length), signal);
      if (known !== undefined) return bytes;
      const end = findFrame(bytes, 1, (frame) => frame === next);
      if (end !== undefined) {
        this.offsets.set(index + 1, start + end.offset);
        return bytes.subarray(0, end.offset);
      }
      if (start + bytes.length >= this.bytes) throw new BrokenStemError('a frame is missing');
    }
  }

  /** Offset of a segment's first frame: interpolates between known offsets, and narrows them by what it finds. */
  private async locate(index: number, signal: AbortSignal): Promise<number> {
    const known = this.offsets.get(index);
    if (known !== undefined) return known;
    const wanted = index * this.framesPerSegment;
    let [low, high] = this.neighbors(index);
    for (let tries = 0; tries < MAX_SEARCHES; tries += 1) {
      const share = (wanted - low.frame) / (high.frame - low.frame);
      const guess = low.offset + share * (high.offset - low.offset) - SEARCH_BYTES / 2;
      const from = Math.max(low.offset, Math.floor(guess));
      const bytes = await this.readPart(from, from + SEARCH_BYTES, signal);
      const exact = findFrame(bytes, 0, (frame) => frame === wanted);
      if (exact !== undefined) {
        this.offsets.set(index, from + exact.offset);
        return from + exact.offset;
      }
      const range = { from: low.frame, to: high.frame };
      const found = findFrame(bytes, 0, (frame) => frame >= range.from && frame < range.to);
      if (found === undefined) throw new BrokenStemError('a frame header is missing');
      const { frame, offset } = found.frame > wanted ? found : lastFrame(bytes, found, wanted);
      if (frame > wanted) high = { frame, offset: from + offset };
      else low = { frame, offset: from + offset };
    }
    throw new BrokenStemError('a segment was not found');
  }

  private neighbors(index: number): [FramePlace, FramePlace] {
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

  /** Reads a part of the file, reusing the bytes that were read last. */
  private async readPart(start: number, end: number, signal: AbortSignal): Promise<Uint8Array> {
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

/** The last frame in the bytes that comes before the frame `end`. */
function lastFrame(bytes: Uint8Array, first: FramePlace, end: number): FramePlace {
  let last = first;
  for (let next: FramePlace | undefined = first; next !== undefined;) {
    last = next;
    next = findFrame(bytes, last.offset + 1, (frame) => frame > last.frame && frame < end);
  }
  return last;
}
