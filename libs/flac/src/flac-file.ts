import { findFrame, parseStreamInfo, type FramePlace, type StreamInfo } from './flac-format.js';

/** A part of a file, and the size of the whole file. */
export interface FilePart {
  readonly bytes: Uint8Array;
  readonly total: number;
}

/** Reads the bytes from `start` up to `end`, or fewer at the end of the file. */
export type ReadPart = (start: number, end: number, signal: AbortSignal) => Promise<FilePart>;

export class BrokenFlacError extends Error {}

/** metadata and some audio */
const HEAD_BYTES = 64 * 1024;

/** longer than any frame, so it contains a frame header */
const SEARCH_BYTES = 192 * 1024;

const MAX_SEARCHES = 40;

/**
 * Cuts frames out of a FLAC file. FLAC frames are independent and numbered, so a search over the numbers finds any
 * sample without reading what comes before it.
 */
export class FlacFile {
  /** of a frame; the last one may be shorter */
  readonly frameSamples: number;
  /** per channel */
  readonly samples: number;
  readonly frames: number;
  /** known offsets of frames; the one after the last is the end of the file */
  private readonly offsets = new Map<number, number>();
  /** the part of the file that was read last */
  private window: { readonly start: number; readonly bytes: Uint8Array };

  private constructor(
    private readonly info: StreamInfo,
    private readonly bytes: number,
    head: Uint8Array,
    private readonly read: ReadPart,
  ) {
    this.frameSamples = info.blockSamples;
    this.samples = info.samples;
    this.frames = Math.ceil(info.samples / info.blockSamples);
    this.window = { start: 0, bytes: head };
    this.offsets.set(0, info.dataOffset);
    this.offsets.set(this.frames, bytes);
  }

  /** @throws NotFlacError, or what `read` throws */
  static async open(read: ReadPart, signal: AbortSignal): Promise<FlacFile> {
    const { bytes, total } = await read(0, HEAD_BYTES, signal);
    return new FlacFile(parseStreamInfo(bytes), total, bytes, read);
  }

  /**
   * A FLAC file of the frames from `first` up to `end`.
   * @throws BrokenFlacError if the file contradicts its header
   */
  async cut(first: number, end: number, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const last = Math.min(end, this.frames);
    const start = await this.locate(first, signal);
    const frames = await this.readFrames(first, last, start, signal);
    const file = new Uint8Array(this.info.prefix.length + frames.length);
    file.set(this.info.prefix);
    file.set(frames, this.info.prefix.length);
    return file;
  }

  private async readFrames(first: number, end: number, start: number, signal: AbortSignal): Promise<Uint8Array> {
    const known = this.offsets.get(end);
    const average = ((this.bytes - this.info.dataOffset) / this.frames) * (end - first);
    for (let length = average * 1.2; ; length *= 1.5) {
      const bytes = await this.readPart(start, known ?? Math.ceil(start + length), signal);
      if (known !== undefined) return bytes;
      const next = findFrame(bytes, 1, (frame) => frame === end);
      if (next !== undefined) {
        this.offsets.set(end, start + next.offset);
        return bytes.subarray(0, next.offset);
      }
      if (start + bytes.length >= this.bytes) throw new BrokenFlacError('a frame is missing');
    }
  }

  /** Offset of a frame: interpolates between known offsets, and narrows them by what it finds. */
  private async locate(wanted: number, signal: AbortSignal): Promise<number> {
    const known = this.offsets.get(wanted);
    if (known !== undefined) return known;
    let [low, high] = this.neighbors(wanted);
    for (let tries = 0; tries < MAX_SEARCHES; tries += 1) {
      const share = (wanted - low.frame) / (high.frame - low.frame);
      const guess = low.offset + share * (high.offset - low.offset) - SEARCH_BYTES / 2;
      const from = Math.max(low.offset, Math.floor(guess));
      const bytes = await this.readPart(from, from + SEARCH_BYTES, signal);
      const exact = findFrame(bytes, 0, (frame) => frame === wanted);
      if (exact !== undefined) {
        this.offsets.set(wanted, from + exact.offset);
        return from + exact.offset;
      }
      const range = { from: low.frame, to: high.frame };
      const found = findFrame(bytes, 0, (frame) => frame >= range.from && frame < range.to);
      if (found === undefined) throw new BrokenFlacError('a frame header is missing');
      const { frame, offset } = found.frame > wanted ? found : lastFrame(bytes, found, wanted);
      if (frame > wanted) high = { frame, offset: from + offset };
      else low = { frame, offset: from + offset };
    }
    throw new BrokenFlacError('a frame was not found');
  }

  private neighbors(wanted: number): [FramePlace, FramePlace] {
    const places = [...this.offsets].map(([frame, offset]) => ({ frame, offset }));
    const below = places.filter(({ frame }) => frame < wanted);
    const above = places.filter(({ frame }) => frame > wanted);
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
